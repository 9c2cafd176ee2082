// How a server process is told to stop.
internal import Dispatch
internal import Glibc

/// SIGTERM and SIGINT, and reasons of the node's own, as something to wait for. `@unchecked
/// Sendable`: only `raise` is called from other threads, and the monitor guards what it touches.
final class StopSignals: @unchecked Sendable {
    private let queue = DispatchQueue(label: "martlet.signals")
    private var sources: [any DispatchSourceSignal] = []
    private let reason = Monitor<ServerError?>(nil)
    private let arrived = DispatchSemaphore(value: 0)

    init() {
        for number in [SIGTERM, SIGINT] {
            _ = signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
            let arrived = arrived
            source.setEventHandler { arrived.signal() }
            source.activate()
            sources.append(source)
        }
        // Both come back as errors of the write that met them, which know what to do.
        for number in [SIGPIPE, SIGXFSZ] { _ = signal(number, SIG_IGN) }
    }

    /// Has the node stop for `failure`; the first counts.
    func raise(_ failure: ServerError) {
        reason.update { reason in
            if reason == nil { reason = failure }
        }
        arrived.signal()
    }

    /// Blocks until one of them arrives; nil for a signal.
    func wait() -> ServerError? {
        arrived.wait()
        return reason.update { $0 }
    }
}
