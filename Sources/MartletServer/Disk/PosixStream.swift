// Writing to a descriptor that is no file: a terminal, a pipe, or whatever stands in their place.
internal import Glibc
package import MartletBase

/// Writes to standard streams and their like.
package enum PosixStream {
    /// Writes all of `bytes`, however long that takes, also where the descriptor does not block. A
    /// reader that has gone away is no error worth telling: there is nobody to tell.
    package static func write(_ bytes: Bytes, to descriptor: CInt) {
        var sent = 0
        while sent < bytes.count {
            let count = unsafe bytes.withUnsafeBytes { buffer in
                unsafe Glibc.write(
                    descriptor, buffer.baseAddress.map { unsafe $0 + sent }, buffer.count - sent)
            }
            if count < 0, errno == EINTR { continue }
            if count < 0, errno == EAGAIN {
                var wanted = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                _ = unsafe poll(&wanted, 1, -1)
                continue
            }
            if count <= 0 { return }
            sent += count
        }
    }
}
