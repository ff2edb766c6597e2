/** What can be asked of a Kubernetes cluster alone: no store, no world, as in a pod that only lets go of holds. */
export { keepReleasing, openAccess, type Released, releaseDue } from './tools/fleet/kubernetes/kubernetes.js';
