// Where a node's messages go: to a file descriptor that may be a pipe nobody reads, or a terminal
// that is stopped. A thread of its own writes them; whoever logs never waits. What does not fit
// is dropped and counted, and the count is told as soon as messages flow again.
internal import Glibc
package import Logging
internal import MartletBase

/// Lines on their way to a descriptor.
package final class LogOutput: Sendable {
    private struct Queue: Sendable {
        var bytes = Bytes()
        /// Lines that did not fit since the writer last took the queue.
        var dropped = 0
        var isWriting = false
    }

    /// Bytes of lines that may wait, 1 MiB: minutes of a node in trouble.
    package static let limitBytes = 1 << 20

    private let descriptor: CInt
    private let queue = Monitor(Queue())

    /// Starts the thread that writes to `descriptor`, which stays open.
    package init(_ descriptor: CInt = STDERR_FILENO) {
        self.descriptor = descriptor
        PosixThread.start { self.run() }
    }

    /// Queues one line, or drops it where the queue is full.
    package func append(_ line: String) {
        let bytes = Bytes(text: line)
        queue.update { queue in
            if queue.dropped > 0 || queue.bytes.count + bytes.count > Self.limitBytes {
                queue.dropped += 1
            } else {
                queue.bytes += bytes
            }
        }
    }

    /// Waits until all that was queued is written, but no longer than `patience`: what stands in
    /// the way of a message must not keep a node from ending.
    package func drain(within patience: Duration) {
        let deadline = Monitor<Queue>.now + patience
        _ = queue.wait(until: deadline) { queue in
            queue.bytes.isEmpty && !queue.isWriting ? true : nil
        }
    }

    private func run() {
        while true {
            let taken = queue.wait(until: .never) { queue -> Queue? in
                guard !queue.bytes.isEmpty else { return nil }
                defer { queue = Queue(isWriting: true) }
                return queue
            }
            guard let taken else { continue }
            var bytes = taken.bytes
            if taken.dropped > 0 { bytes += Bytes(text: Self.text(ofDropped: taken.dropped)) }
            PosixStream.write(bytes, to: descriptor)
            queue.update { $0.isWriting = false }
        }
    }

    private static func text(ofDropped count: Int) -> String {
        LogFormatting.line(
            .warning, "martlet",
            "\(count) messages are missing here: nobody took them as fast as they came")
    }
}

/// Formats a node's messages for a `LogOutput`.
package struct NodeLog: LogHandler {
    private let label: String
    private let output: LogOutput
    /// The least level that is told.
    package var logLevel = Logger.Level.info
    /// What is told with every message.
    package var metadata = Logger.Metadata()

    /// Messages of `label` to `output`.
    package init(label: String, output: LogOutput) {
        self.label = label
        self.output = output
    }

    /// One part of what is told with every message.
    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    /// Queues one message; never waits.
    package func log(event: LogEvent) {
        let told = metadata.merging(event.metadata ?? [:]) { $1 }
        let fields = told.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value) " }.joined()
        output.append(LogFormatting.line(event.level, label, "\(fields)\(event.message)"))
    }
}

private enum LogFormatting {
    /// A message with its time and level, and a line end.
    static func line(_ level: Logger.Level, _ label: String, _ text: String) -> String {
        "\(time) \(level) \(label): \(text)\n"
    }

    private static var time: String {
        var now = Glibc.time(nil)
        var parts = unsafe tm()
        var buffer = [CChar](repeating: 0, count: 64)
        guard unsafe localtime_r(&now, &parts) != nil,
            unsafe strftime(&buffer, buffer.count, "%Y-%m-%dT%H:%M:%S%z", &parts) > 0
        else { return "-" }
        return String(
            decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
