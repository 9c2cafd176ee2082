// SIGINT, SIGTERM and SIGHUP as something to look at between two steps.
internal import Dispatch
internal import Glibc
internal import Synchronization

/// Whether the process was asked to stop. From its making on those signals no longer end it.
package final class StopSignals {
    private let state = State()
    private let sources: [any DispatchSourceSignal]

    private final class State: Sendable {
        let hasArrived = Atomic(false)
    }

    /// From here on the signals only leave word.
    package init() {
        let queue = DispatchQueue(label: "martlet.signals")
        sources = [SIGINT, SIGTERM, SIGHUP].map { [state] number in
            _ = signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
            source.setEventHandler { state.hasArrived.store(true, ordering: .relaxed) }
            source.activate()
            return source
        }
    }

    /// Whether one of them came.
    package var isStopping: Bool { question() }

    /// The same, to be asked from any thread; this object must stay alive meanwhile.
    package var question: @Sendable () -> Bool {
        { [state] in state.hasArrived.load(ordering: .relaxed) }
    }
}
