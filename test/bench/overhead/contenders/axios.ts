import axios, { type AxiosInstance } from 'axios'
import axiosRetry from 'axios-retry'
import type { Call } from './index.ts'
import { stub, url } from './stub.ts'

function idleAxios(): AxiosInstance {
  return axios.create({
    adapter: async (config) => ({ data: 'ok', status: 200, statusText: 'OK', headers: {}, config }),
  })
}

function stubbedAxios(): AxiosInstance {
  return axios.create({ adapter: 'fetch', env: { fetch: stub, Request, Response: Response as unknown as never } })
}

function withRetry(instance: AxiosInstance): AxiosInstance {
  axiosRetry(instance, { retries: 2, retryDelay: axiosRetry.exponentialDelay })
  return instance
}

const calling = (instance: AxiosInstance) => (): Promise<unknown> => instance.get(url)

export function idle(): Call {
  return calling(idleAxios())
}

export function idleWithRetry(): Call {
  return calling(withRetry(idleAxios()))
}

export function stubbed(): Call {
  return calling(stubbedAxios())
}

export function stubbedWithRetry(): Call {
  return calling(withRetry(stubbedAxios()))
}
