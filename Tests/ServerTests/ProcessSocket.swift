// Plain sockets for bytes that no client of ours would send.
import Glibc
import MartletBase
import Testing

/// A TCP connection to this machine whose calls block, for a bounded time.
final class ProcessSocket {
    private let number: CInt

    /// Connects.
    init(port: UInt16) throws {
        number = socket(AF_INET, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
        var patience = timeval(tv_sec: 20, tv_usec: 0)
        let size = socklen_t(MemoryLayout<timeval>.size)
        for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
            try #require(unsafe setsockopt(number, SOL_SOCKET, option, &patience, size) == 0)
        }
        let connected = unsafe loopback(port) { unsafe connect(number, $0, $1) } == 0
        try #require(connected)
    }

    deinit { close(number) }

    /// Sends as much of `bytes` as the other side takes before it hangs up.
    func send(_ bytes: Bytes) {
        var sent = 0
        while sent < bytes.count {
            let step = unsafe bytes.withUnsafeBytes { source in
                let rest = unsafe UnsafeRawBufferPointer(rebasing: source[sent...])
                return unsafe Glibc.send(
                    number, rest.baseAddress, rest.count, CInt(MSG_NOSIGNAL))
            }
            if step <= 0 { return }
            sent += step
        }
    }

    /// Sends nothing more; what comes back can still be received.
    func endInput() { shutdown(number, CInt(SHUT_WR)) }

    /// What comes back, up to `text` in it or to the end.
    func receive(until text: String) throws -> String {
        var received: Bytes = []
        var buffer = Bytes(repeating: 0, count: 4_096)
        while true {
            if received.text.contains(text) { return received.text }
            let count = unsafe recv(number, &buffer, buffer.count, 0)
            if count < 0, errno == EAGAIN {
                throw ClusterTestError("neither '\(text)' nor the end came: \(received.text)")
            }
            if count <= 0 { return received.text }
            received += buffer[..<count]
        }
    }

    /// How many bytes come back before the other side closes the connection.
    func countToEnd() throws -> Int {
        var total = 0
        var buffer = Bytes(repeating: 0, count: 1 << 20)
        while true {
            let count = unsafe recv(number, &buffer, buffer.count, 0)
            try #require(count >= 0, "no end after \(total) bytes")
            if count == 0 { return total }
            total += count
        }
    }

    /// What has come, waiting for it; nothing at the end.
    func receive() throws -> Bytes {
        var buffer = Bytes(repeating: 0, count: 4_096)
        let count = unsafe recv(number, &buffer, buffer.count, 0)
        if count < 0, errno == EAGAIN { throw ClusterTestError("nothing more comes") }
        return Bytes(buffer[..<max(0, count)])
    }

    /// Whether something has come that was not received yet.
    var hasArrived: Bool {
        var wanted = pollfd(fd: number, events: Int16(POLLIN), revents: 0)
        return unsafe poll(&wanted, 1, 0) == 1
    }

    /// Receives `count` bytes, whatever they are.
    func skip(_ count: Int) throws {
        var left = count
        var buffer = Bytes(repeating: 0, count: 1 << 20)
        while left > 0 {
            let step = unsafe recv(number, &buffer, min(left, buffer.count), 0)
            try #require(step > 0, "\(left) of \(count) bytes do not come")
            left -= step
        }
    }

    /// Whether the other side has closed the connection, or does before long.
    func awaitClose() throws -> Bool {
        var byte: UInt8 = 0
        while true {
            let count = unsafe recv(number, &byte, 1, 0)
            if count == 0 || (count < 0 && errno == ECONNRESET) { return true }
            if count < 0 { return false }
        }
    }

    /// Sends one datagram to `port`.
    static func sendDatagram(_ bytes: Bytes, to port: UInt16) throws {
        let number = socket(AF_INET, CInt(SOCK_DGRAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
        defer { close(number) }
        let sent = unsafe loopback(port) { address, size in
            CInt(unsafe sendto(number, bytes, bytes.count, 0, address, size))
        }
        try #require(sent == bytes.count)
    }
}
