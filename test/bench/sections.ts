import type { RunSection } from './section.ts'

/** The sections in their order; the code of one is loaded when it runs. */
const sections: Readonly<Record<string, () => Promise<{ readonly run: RunSection }>>> = {
  overhead: () => import('./overhead/index.ts'),
  http: () => import('./http/index.ts'),
  'single-flight': () => import('./single-flight/index.ts'),
  socket: () => import('./socket/index.ts'),
  simulate: () => import('./simulate/index.ts'),
  size: () => import('./size/index.ts'),
}

export const sectionNames: readonly string[] = Object.keys(sections)

export async function sectionNamed(name: string): Promise<RunSection> {
  return (await sections[name]!()).run
}
