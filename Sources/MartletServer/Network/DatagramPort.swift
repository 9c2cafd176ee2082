// The failure detector's socket: datagrams in and out, whole or not at all.
internal import Glibc
internal import MartletBase
internal import MartletNode
internal import MartletWire
internal import NIOCore

/// The sending half of a bound socket. A datagram that cannot be sent is lost, like any other: a
/// channel would close for good at the first address without a route, and take the failure detector
/// with it.
final class DatagramSocket: Sendable {
    private let descriptor: Descriptor

    /// Binds a socket to `endpoint`, whose host must be an IP literal.
    init(_ endpoint: Endpoint) throws {
        let address = try SocketAddress(ipAddress: endpoint.host, port: Int(endpoint.port))
        let kind = CInt(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
        let number = socket(CInt(address.protocol.rawValue), kind, 0)
        guard number >= 0 else { throw IOError(errnoCode: errno, reason: "socket") }
        descriptor = Descriptor(number)
        let bound = unsafe address.withSockAddr { unsafe bind(number, $0, socklen_t($1)) }
        guard bound == 0 else { throw IOError(errnoCode: errno, reason: "bind") }
    }

    /// Another descriptor of the same socket, for the channel that receives; it is the caller's to
    /// close.
    func duplicate() throws -> CInt {
        let number = fcntl(descriptor.number, F_DUPFD_CLOEXEC, 0)
        guard number >= 0 else { throw IOError(errnoCode: errno, reason: "dup") }
        return number
    }

    /// Sends `bytes`, or loses them.
    func send(_ bytes: Bytes, to endpoint: Endpoint) {
        guard
            let address = try? SocketAddress(
                ipAddress: endpoint.host, port: Int(endpoint.port))
        else { return }
        _ = unsafe address.withSockAddr { target, size in
            unsafe bytes.withUnsafeBytes { source in
                unsafe sendto(
                    descriptor.number, source.baseAddress, source.count, CInt(MSG_NOSIGNAL),
                    target, socklen_t(size))
            }
        }
    }
}

/// Turns what arrives by UDP into events; confined to the node's event loop.
final class DatagramHandler: ChannelInboundHandler {
    typealias InboundIn = AddressedEnvelope<ByteBuffer>

    private unowned let loop: NodeLoop

    init(loop: NodeLoop) {
        self.loop = loop
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let envelope = unwrapInboundIn(data)
        guard let endpoint = Endpoint(envelope.remoteAddress) else { return }
        do throws(FormatError) {
            let bytes = Bytes(envelope.data.readableBytesView)
            let datagram = try Datagram(bytes, cluster: loop.clusterHash)
            loop.handle(.datagramReceived(datagram, from: endpoint))
        } catch {
            loop.noteBadDatagram(envelope.remoteAddress, error)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // Nothing that the network says of single datagrams counts: that is what probes are for.
    }
}

extension Endpoint {
    /// The IP literal and port of a socket address; nil for other families.
    init?(_ address: SocketAddress) {
        guard let host = address.ipAddress, let port = address.port else { return nil }
        self.init(host: host, port: UInt16(clamping: port))
    }
}
