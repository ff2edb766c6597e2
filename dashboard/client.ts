/** How the page asks the server: JSON over the published routes, failures as problem details with what to do next. */

/** What went wrong, in words for people. */
export class Trouble extends Error {
  constructor(
    /** 0: no answer at all */
    readonly status: number,
    readonly code: string,
    message: string,
    readonly remedy: string,
    readonly details: unknown = null,
  ) {
    super(message);
  }
}

const gone = (): Trouble =>
  new Trouble(
    0,
    'unreachable',
    'The server does not answer.',
    'Start it again with `caco serve`; the page goes on by itself.',
  );

const troubleOf = async (response: Response): Promise<Trouble> => {
  const problem = (await response.json().catch(() => ({}))) as Record<string, string | undefined>;
  return new Trouble(
    response.status,
    problem.code ?? 'defect',
    problem.detail ?? `The server answered ${response.status}.`,
    problem.remedy ?? 'Look at the server’s log.',
    problem,
  );
};

/** Throws Trouble for anything but a success. */
export const request = async (path: string, init: RequestInit = {}): Promise<Response> => {
  let response: Response;
  try {
    response = await fetch(path, {
      ...init,
      credentials: 'same-origin',
      headers: { Accept: 'application/json', 'Caco-Page': '1', ...init.headers },
    });
  } catch (error) {
    if (init.signal?.aborted) throw error;
    throw gone();
  }
  if (!response.ok) throw await troubleOf(response);
  return response;
};

export const getJson = async <T>(path: string, signal?: AbortSignal): Promise<T> =>
  (await request(path, signal ? { signal } : {})).json() as Promise<T>;

export const postJson = async <T>(path: string, body: unknown, signal?: AbortSignal): Promise<T> => {
  const response = await request(path, {
    method: 'POST',
    body: JSON.stringify(body),
    headers: { 'Content-Type': 'application/json' },
    ...(signal ? { signal } : {}),
  });
  return (response.status === 204 ? null : await response.json()) as T;
};

/** One of the server's tools. */
export const callTool = <T>(name: string, input: object = {}, signal?: AbortSignal): Promise<T> =>
  postJson<T>(`tools/${name}`, input, signal);

/** One server-sent event. */
export interface StreamEvent {
  readonly id: string | null;
  readonly event: string;
  readonly data: string;
}

/** The events of a response's body as they come, framed as the HTML standard has them. */
export async function* eventsOf(response: Response): AsyncGenerator<StreamEvent> {
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    text += value;
    const blocks = text.split('\n\n');
    text = blocks.pop()!;
    for (const block of blocks) {
      const event = { id: null as string | null, event: 'message', data: '' };
      for (const line of block.split('\n')) {
        const [, field, content = ''] = /^(id|event|data): ?(.*)$/.exec(line) ?? [];
        if (field === 'id') event.id = content;
        else if (field === 'event') event.event = content;
        else if (field === 'data') event.data += content;
      }
      if (event.data !== '') yield event;
    }
  }
}

/** A tool that takes a while: told how far it is, then answered. Throws Trouble. */
export const callToolSlowly = async <T>(
  name: string,
  input: object,
  onProgress: (done: number, total: number) => void,
): Promise<T> => {
  const response = await request(`tools/${name}`, {
    method: 'POST',
    body: JSON.stringify(input),
    headers: { 'Content-Type': 'application/json', Accept: 'text/event-stream' },
  });
  for await (const { event, data } of eventsOf(response)) {
    const told = JSON.parse(data) as {
      done: number;
      total: number;
      error?: { code: string; message: string; remedy: string };
    };
    if (event === 'progress') onProgress(told.done, told.total);
    if (event === 'done') return told as T;
    if (event === 'failed' && told.error)
      throw new Trouble(400, told.error.code, told.error.message, told.error.remedy);
  }
  throw gone();
};
