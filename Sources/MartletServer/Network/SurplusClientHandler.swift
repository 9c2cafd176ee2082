// The connection of a client above the limit: it is told so, and hung up on. It reads nothing.
internal import MartletBase
internal import MartletRESP
internal import NIOCore

/// One client too many.
final class SurplusClientHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    func channelActive(context: ChannelHandlerContext) {
        var writer = ReplyWriter()
        writer.writeError("max number of clients reached")
        let buffer = context.channel.allocator.buffer(bytes: writer.take())
        let channel = context.channel
        context.writeAndFlush(NIOAny(buffer)).whenComplete { _ in channel.close(promise: nil) }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        // Nobody is served here.
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }
}
