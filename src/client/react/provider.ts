import {
  createContext,
  createElement,
  type ReactNode,
  useContext,
  useEffect,
  useRef,
  useState,
} from 'react'
import type { AnyOffhook, Offhook } from '../offhook.ts'

/** Either a client that somebody else owns, or how to make one. */
export type OffhookProviderProps = {
  readonly children?: ReactNode
} & (
  | { readonly client: AnyOffhook; readonly connect?: never }
  | {
      /** Called once in the browser, never while rendering on a server. The client is closed with the provider. */
      readonly connect: () => AnyOffhook & Pick<Offhook, 'close'>
      readonly client?: never
    }
)

const OffhookContext = createContext<AnyOffhook | undefined>(undefined)

/** Gives the components below it their client. */
export function OffhookProvider(props: OffhookProviderProps): ReactNode {
  const own = useOwnClient(props.connect)
  return createElement(OffhookContext.Provider, { value: props.client ?? own }, props.children)
}

/** The client; undefined on a server, and where a provider has not made it yet. */
export function useOffhook(): AnyOffhook | undefined {
  return useContext(OffhookContext)
}

interface Own {
  readonly client: AnyOffhook & Pick<Offhook, 'close'>
  closing?: ReturnType<typeof setTimeout>
}

/** StrictMode unmounts and mounts again at once: only a provider that stays away closes its client. */
function useOwnClient(connect: OffhookProviderProps['connect']): AnyOffhook | undefined {
  const [client, setClient] = useState<AnyOffhook>()
  const held = useRef<Own>(undefined)
  useEffect(() => {
    if (connect === undefined) return undefined
    held.current ??= { client: connect() }
    const own = held.current
    clearTimeout(own.closing)
    setClient(own.client)
    return () => {
      own.closing = setTimeout(() => {
        held.current = undefined
        own.client.close()
      })
    }
    // The first `connect` counts: a new function in each rendering finds the client held.
  }, [connect])
  return client
}
