// The failure detector's socket: datagrams in and out, whole or not at all.
internal import MartletBase
internal import MartletNode
internal import MartletWire
internal import NIOCore

/// Turns what arrives by UDP into events; confined to the node's event loop.
final class DatagramHandler: ChannelInboundHandler {
    typealias InboundIn = AddressedEnvelope<ByteBuffer>

    private unowned let loop: NodeLoop
    private let cluster: UInt64

    init(loop: NodeLoop) {
        self.loop = loop
        cluster = Datagram.clusterHash(of: loop.core.identity.clusterName)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let envelope = unwrapInboundIn(data)
        guard let endpoint = Endpoint(envelope.remoteAddress) else { return }
        do throws(FormatError) {
            let bytes = Bytes(envelope.data.readableBytesView)
            let datagram = try Datagram(bytes, cluster: cluster)
            loop.handle(.datagramReceived(datagram, from: endpoint))
        } catch {
            loop.noteBadDatagram(envelope.remoteAddress, error)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // A send to a port that nobody listens on comes back as an error here: that is what the
        // probes are for.
    }
}

extension Endpoint {
    /// The IP literal and port of a socket address; nil for other families.
    init?(_ address: SocketAddress) {
        guard let host = address.ipAddress, let port = address.port else { return nil }
        self.init(host: host, port: UInt16(clamping: port))
    }
}
