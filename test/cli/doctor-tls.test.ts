import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Diagnosis } from '../../src/cli/doctor/finding.ts'
import { doctor } from '../../src/cli/doctor/index.ts'
import { listen } from '../support/said.ts'

const tool = 'openssl'

const hasOpenssl = (() => {
  try {
    execFileSync(tool, ['version'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
})()

describe.skipIf(!hasOpenssl)('the doctor at an API with a certificate of three days', () => {
  const known = getCACertificates('default')
  let folder: string
  let server: Server
  let certificate: string

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'doctor-'))
    const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')]
    const subject = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1']
    const made = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '3']
    execFileSync(tool, ['req', ...made, ...subject, '-keyout', key, '-out', cert], { stdio: 'ignore' })
    certificate = readFileSync(cert, 'utf8')
    server = createServer({ key: readFileSync(key), cert: certificate }, (_request, response) => response.end('well'))
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
  })

  afterAll(() => {
    setDefaultCACertificates(known)
    server?.close()
    rmSync(folder, { recursive: true })
  })

  async function look(): Promise<{ code: number; found: Diagnosis }> {
    const said = listen()
    const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}/`
    const code = await doctor([url, '--json'], said)
    return { code, found: JSON.parse(said.out()) }
  }

  it('does not talk to it where nobody vouches for it', async () => {
    const { code, found } = await look()
    expect(code).toBe(1)
    expect(found.findings).toEqual([
      expect.objectContaining({ level: 'problem', says: expect.stringContaining('certificate') }),
    ])
  })

  it('says how long the handshake took, and that the certificate ends', async () => {
    setDefaultCACertificates([...known, certificate])
    const { code, found } = await look()
    expect(code).toBe(0)
    const of = (check: string) => found.findings.find((finding) => finding.check === check)
    expect(of('handshake')?.says).toMatch(/TCP in .+ TLS in .+/)
    expect(of('certificate')).toMatchObject({ level: 'advice', says: expect.stringMatching(/ends in [23] days/) })
    expect(of('keep-alive')?.level).toBe('ok')
  })
})
