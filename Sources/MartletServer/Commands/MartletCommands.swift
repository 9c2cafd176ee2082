// MARTLET.GET, PUT and DELETE: reads and writes with causality and quorums in the open.
//
// A write names what it replaces by its CONTEXT. Without one it says that its client has seen
// nothing, and replaces nothing: it may leave a sibling, and never overwrites what it does not
// know.
internal import MartletBase
internal import MartletNode
internal import MartletRESP
internal import MartletRing
internal import MartletVersions
internal import MartletWire

extension ClientSession {
    /// `MARTLET.GET key [R …] [PR …] [N n] [TIMEOUT ms]`.
    func martletGet(_ words: [Bytes]) throws(CommandError) {
        var options = ReadOptions()
        var cursor = ArgumentCursor(words, from: 2)
        while let option = cursor.nextKeyword() {
            switch option {
            case "R": options.r = try cursor.quorum("R")
            case "PR": options.pr = try cursor.quorum("PR")
            case "N": options.n = Int(try cursor.integer("N", in: 1...32))
            case "TIMEOUT": options.timeout = try cursor.timeout()
            default: throw .syntax
            }
        }
        submit(ClientRequest(key: words[1], operation: .get(options)), as: .versions(of: words[1]))
    }

    /// `MARTLET.PUT key value [CONTEXT token] [W …] [PW …] [DW …] [N n] [TIMEOUT ms]
    /// [EX seconds | PX ms]`.
    func martletPut(_ words: [Bytes]) throws(CommandError) {
        let arguments = try CausalWrite(
            words, from: 3, command: "martlet.put", in: target, mayExpire: true)
        submit(
            arguments.request(key: words[1], content: .value(words[2])),
            as: .receipt(of: words[1]))
    }

    /// `MARTLET.DELETE key [CONTEXT token] [W …] [PW …] [DW …] [N n] [TIMEOUT ms]`.
    func martletDelete(_ words: [Bytes]) throws(CommandError) {
        let arguments = try CausalWrite(
            words, from: 2, command: "martlet.delete", in: target, mayExpire: false)
        submit(
            arguments.request(key: words[1], content: .tombstone), as: .receipt(of: words[1]))
    }
}

/// The options of a write that states what it has seen.
private struct CausalWrite {
    private var context = Context()
    private var options = WriteOptions()
    private var expiry: WallTime?

    init(
        _ words: [Bytes], from index: Int, command: String, in target: any CommandTarget,
        mayExpire: Bool
    ) throws(CommandError) {
        let now = target.now.wall
        var cursor = ArgumentCursor(words, from: index)
        while let option = cursor.nextKeyword() {
            switch option {
            case "CONTEXT":
                context = try Self.context(
                    try cursor.value(), of: words[1], in: target.core.topology)
            case "W": options.w = try cursor.quorum("W")
            case "PW": options.pw = try cursor.quorum("PW")
            case "DW": options.dw = try cursor.quorum("DW")
            case "N": options.n = Int(try cursor.integer("N", in: 1...32))
            case "TIMEOUT": options.timeout = try cursor.timeout()
            case "EX" where mayExpire && expiry == nil:
                expiry = try ExpiryUnit.seconds.expiry(
                    try cursor.integer(), at: now, command: command)
            case "PX" where mayExpire && expiry == nil:
                expiry = try ExpiryUnit.milliseconds.expiry(
                    try cursor.integer(), at: now, command: command)
            default: throw .syntax
            }
        }
    }

    private static func context(
        _ token: Bytes, of key: Bytes, in topology: Topology?
    ) throws(CommandError) -> Context {
        guard let topology else { throw .noCluster }
        do {
            return try ContextToken.decode(token, ContextSeal(topology, key: key))
        } catch {
            throw .invalid(
                "invalid context: \(error); pass the context of a MARTLET.GET of the same key "
                    + "unchanged")
        }
    }

    func request(key: Bytes, content: Sibling.Content) -> ClientRequest {
        let mutation = Mutation(content: content, expiry: expiry, causality: .seen(context))
        return ClientRequest(key: key, operation: .put(mutation, options))
    }
}
