// Commands of several keys: one request for each key, as many at once as the connection has room
// for, one reply. They are not atomic: a reader may see some of an MSET, and an error says how many
// keys failed, while the others stand.
internal import MartletBase

enum MultiKeyCommands {
    /// `MGET key …`.
    static func get(_ call: CommandCall) -> CommandPlan {
        .gather(.values, call.words.dropFirst())
    }

    /// `EXISTS key …`.
    static func count(_ call: CommandCall) -> CommandPlan {
        .gather(.presentCount, call.words.dropFirst())
    }

    /// `DEL key …`, `UNLINK key …`.
    static func delete(_ call: CommandCall) -> CommandPlan {
        .gather(.replacedCount, call.words.dropFirst())
    }

    /// `MSET key value …`.
    static func set(_ call: CommandCall) throws(CommandError) -> CommandPlan {
        guard call.count % 2 == 1 else { throw .wrongArity("mset") }
        return .gather(.stored, call.words.dropFirst())
    }
}
