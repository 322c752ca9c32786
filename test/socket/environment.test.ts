import { afterEach, describe, expect, it, vi } from 'vitest'
import { pageEnvironment } from '../../src/socket/environment.ts'
import { socketWorld } from '../support/socket-world.ts'

/** A window and its document, as far as a socket looks at them. */
function page() {
  const heard = { window: 0, document: 0 }
  const counting = (target: EventTarget, name: keyof typeof heard) => ({
    addEventListener: (type: string, listener: () => void) => {
      heard[name]++
      target.addEventListener(type, listener)
    },
    removeEventListener: (type: string, listener: () => void) => {
      heard[name]--
      target.removeEventListener(type, listener)
    },
  })
  const [window, document] = [new EventTarget(), new EventTarget()]
  const seen = { ...counting(document, 'document'), visibilityState: 'visible' }
  const { addEventListener, removeEventListener } = counting(window, 'window')
  const navigator = { onLine: true }
  vi.stubGlobal('document', seen)
  vi.stubGlobal('navigator', navigator)
  vi.stubGlobal('addEventListener', addEventListener)
  vi.stubGlobal('removeEventListener', removeEventListener)
  return { window, document, seen, navigator, heard }
}

describe("the page's own environment", () => {
  afterEach(() => {
    vi.unstubAllGlobals()
    vi.resetModules()
  })

  /** The module anew, since a process has one page. */
  async function fresh(): Promise<typeof pageEnvironment> {
    vi.resetModules()
    return (await import('../../src/socket/environment.ts')).pageEnvironment
  }

  it('is none where there is no page', () => {
    expect(pageEnvironment()).toBeUndefined()
  })

  it('tells what the platform tells', async () => {
    const { seen, navigator } = page()
    const environment = (await fresh())()
    expect([environment?.online(), environment?.visible()]).toEqual([true, true])
    navigator.onLine = false
    seen.visibilityState = 'hidden'
    expect([environment?.online(), environment?.visible()]).toEqual([false, false])
  })

  it('hears every way in which a page comes back', async () => {
    const { window, document } = page()
    const heard = vi.fn()
    const leave = (await fresh())()?.onChange(heard)
    for (const type of ['online', 'offline', 'pageshow']) window.dispatchEvent(new Event(type))
    for (const type of ['visibilitychange', 'resume']) document.dispatchEvent(new Event(type))
    expect(heard).toHaveBeenCalledTimes(5)
    leave?.()
    window.dispatchEvent(new Event('online'))
    expect(heard).toHaveBeenCalledTimes(5)
  })

  it('listens once for all sockets, and not at all for none', async () => {
    const { heard, window } = page()
    const environment = (await fresh())()
    const listener = vi.fn()
    const leaves = [environment?.onChange(listener), environment?.onChange(listener)]
    expect(heard).toEqual({ window: 3, document: 2 })
    window.dispatchEvent(new Event('online'))
    expect(listener).toHaveBeenCalledTimes(2)
    leaves[0]?.()
    leaves[0]?.()
    expect(heard).toEqual({ window: 3, document: 2 })
    leaves[1]?.()
    expect(heard).toEqual({ window: 0, document: 0 })
    environment?.onChange(listener)
    expect(heard).toEqual({ window: 3, document: 2 })
  })

  it('is what a socket takes if none is given, and leaves at its end', async () => {
    const { heard, navigator, window } = page()
    vi.resetModules()
    const { ReliableSocket } = await import('../../src/socket/index.ts')
    const world = socketWorld({ chance: 0.5 })
    navigator.onLine = false
    const socket = new ReliableSocket('ws://server.test/', [], { runtime: world.runtime, transport: world.transport })
    await world.clock.advance(0)
    expect([socket.state, heard.window]).toEqual(['suspended', 3])
    navigator.onLine = true
    window.dispatchEvent(new Event('online'))
    await world.clock.advance(500)
    expect(world.wires).toHaveLength(1)
    socket.close()
    await world.clock.advance(0)
    expect([socket.state, heard.window, heard.document]).toEqual(['closed', 0, 0])
  })
})
