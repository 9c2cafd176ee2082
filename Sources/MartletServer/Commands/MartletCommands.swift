// MARTLET.GET, PUT and DELETE: reads and writes with causality and quorums in the open.
//
// A write names what it replaces by its CONTEXT. Without one it says that its client has seen
// nothing, and replaces nothing: it may leave a sibling, and never overwrites what it does not
// know.
internal import MartletBase
internal import MartletRESP
internal import MartletRing
internal import MartletVersions
internal import MartletWire

enum MartletCommands {
    /// `MARTLET.GET key [R …] [PR …] [N n] [TIMEOUT ms]`.
    static func get(_ call: CommandCall) throws(CommandError) -> CommandPlan {
        var options = ReadOptions()
        var cursor = call.options(from: 2)
        while let option = cursor.nextKeyword() {
            switch option {
            case "R": options.r = try cursor.quorum("R")
            case "PR": options.pr = try cursor.quorum("PR")
            case "N": options.n = Int(try cursor.integer("N", in: 1...32))
            case "TIMEOUT": options.timeout = try cursor.timeout()
            default: throw .syntax
            }
        }
        let request = ClientRequest(key: call[1], operation: .get(options))
        return .request(request, .versions(of: call[1]))
    }

    /// `MARTLET.PUT key value [CONTEXT token] [W …] [PW …] [DW …] [N n] [TIMEOUT ms]
    /// [EX seconds | PX ms]`.
    static func put(_ call: CommandCall) throws(CommandError) -> CommandPlan {
        let write = try CausalWrite(call, from: 3, command: "martlet.put", mayExpire: true)
        return write.plan(key: call[1], content: .value(call[2]))
    }

    /// `MARTLET.DELETE key [CONTEXT token] [W …] [PW …] [DW …] [N n] [TIMEOUT ms]`.
    static func delete(_ call: CommandCall) throws(CommandError) -> CommandPlan {
        let write = try CausalWrite(call, from: 2, command: "martlet.delete", mayExpire: false)
        return write.plan(key: call[1], content: .tombstone)
    }
}

/// The options of a write that states what it has seen.
private struct CausalWrite {
    private var context = Context()
    private var options = WriteOptions()
    private var expiry: WallTime?

    init(
        _ call: CommandCall, from index: Int, command: String, mayExpire: Bool
    ) throws(CommandError) {
        var cursor = call.options(from: index)
        while let option = cursor.nextKeyword() {
            switch option {
            case "CONTEXT":
                context = try Self.context(
                    try cursor.value(), of: call[1], in: try call.topology())
            case "W": options.w = try cursor.quorum("W")
            case "PW": options.pw = try cursor.quorum("PW")
            case "DW": options.dw = try cursor.quorum("DW")
            case "N": options.n = Int(try cursor.integer("N", in: 1...32))
            case "TIMEOUT": options.timeout = try cursor.timeout()
            case "EX" where mayExpire && expiry == nil:
                expiry = try ExpiryUnit.seconds.expiry(
                    try cursor.integer(), at: call.now, command: command)
            case "PX" where mayExpire && expiry == nil:
                expiry = try ExpiryUnit.milliseconds.expiry(
                    try cursor.integer(), at: call.now, command: command)
            default: throw .syntax
            }
        }
    }

    private static func context(
        _ token: Bytes, of key: Bytes, in topology: Topology
    ) throws(CommandError) -> Context {
        do {
            return try ContextToken.decode(token, ContextSeal(topology, key: key))
        } catch {
            throw .invalid(
                "invalid context: \(error); pass the context of a MARTLET.GET of the same key "
                    + "unchanged")
        }
    }

    func plan(key: Bytes, content: Sibling.Content) -> CommandPlan {
        let mutation = Mutation(content: content, expiry: expiry, causality: .seen(context))
        let request = ClientRequest(key: key, operation: .put(mutation, options))
        return .request(request, .receipt(of: key))
    }
}
