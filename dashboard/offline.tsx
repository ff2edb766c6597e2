/** The page that checks proofs and asks no server: one file, to be kept beside an export. */
import { render } from 'preact';
import { Drop } from './proof/drop.js';

const Offline = () => (
  <main class="offline">
    <h1>Check a proof</h1>
    <p>
      This page is one file and asks no server: your files stay with this browser. It computes hashes (SHA-256), the
      path through the ledger’s tree (RFC 6962) and the signature (Ed25519) itself, and names the first step that does
      not hold.
    </p>
    <Drop />
    <p class="note">
      What no proof shows: that an entry was true when it was written. Take the verifier keys from the ledger’s owner
      and not from whoever gave you the proof; or the check says only that both fit together.
    </p>
  </main>
);

render(<Offline />, document.getElementById('page')!);
