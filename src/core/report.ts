/** The failure of a listener: shown the way the platform shows uncaught errors, without ending the process. */
export function reportFailure(error: unknown): void {
  const { reportError } = globalThis as { reportError?: (error: unknown) => void }
  if (reportError) reportError(error)
  else console.error('A listener of Breakwater threw:', error)
}
