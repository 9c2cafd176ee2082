// SET and its relatives, and reads of one value. Conditional writes are refused: without a single
// order of writes their answer would be a guess.
internal import MartletBase
internal import MartletRESP

enum StringCommands {
    /// `SET key value [EX seconds | PX ms | EXAT time | PXAT time-ms]`.
    static func set(_ call: CommandCall) throws(CommandError) -> CommandPlan {
        let options = try SetOptions(call)
        return .store(call[2], at: call[1], expiry: options.expiry)
    }

    /// `SETEX key seconds value`.
    static func setSeconds(_ call: CommandCall) throws(CommandError) -> CommandPlan {
        try set(call, command: "setex", unit: .seconds)
    }

    /// `PSETEX key ms value`.
    static func setMilliseconds(_ call: CommandCall) throws(CommandError) -> CommandPlan {
        try set(call, command: "psetex", unit: .milliseconds)
    }

    private static func set(
        _ call: CommandCall, command: String, unit: ExpiryUnit
    ) throws(CommandError) -> CommandPlan {
        guard let amount = Int64(redisDecimal: call[2]) else { throw .notAnInteger }
        let expiry = try unit.expiry(amount, at: call.now, command: command)
        return .store(call[3], at: call[1], expiry: expiry)
    }
}

/// How a command states when a value expires.
enum ExpiryUnit {
    case seconds
    case milliseconds
    case unixSeconds
    case unixMilliseconds

    /// When a value expires that is given `amount` of the unit; refuses what Redis refuses.
    func expiry(
        _ amount: Int64, at now: WallTime, command: String
    ) throws(CommandError) -> WallTime {
        let scale: Int64 = self == .seconds || self == .unixSeconds ? 1_000 : 1
        let base: Int64 =
            self == .seconds || self == .milliseconds ? Int64(clamping: now.milliseconds) : 0
        let (scaled, overflow) = amount.multipliedReportingOverflow(by: scale)
        let (expiry, carry) = scaled.addingReportingOverflow(base)
        guard amount > 0, !overflow, !carry else { throw .invalidExpiry(command) }
        return WallTime(milliseconds: UInt64(expiry))
    }
}

/// What follows the value in SET.
private struct SetOptions {
    /// When the value expires; nil for never.
    var expiry: WallTime?

    /// Reads what follows the value in `call`. A syntax error comes before a refusal, as in Redis.
    init(_ call: CommandCall) throws(CommandError) {
        var cursor = call.options(from: 3)
        var refusal: CommandError?
        var stated: (unit: ExpiryUnit, amount: Bytes)?
        var keepsExpiry = false
        while let option = cursor.nextKeyword() {
            switch option {
            case "EX", "PX", "EXAT", "PXAT":
                guard stated == nil, !keepsExpiry, let unit = ExpiryUnit(option) else {
                    throw .syntax
                }
                stated = (unit, try cursor.value())
            case "KEEPTTL":
                guard stated == nil else { throw .syntax }
                keepsExpiry = true
                refusal = .unsupported(
                    "SET with KEEPTTL",
                    "each version carries its own expiry; state it with EX or PX")
            case "NX", "XX", "GET":
                refusal = Self.conditional(option)
            case "IFEQ", "IFNE", "IFDEQ", "IFDNE":
                _ = try cursor.value()
                refusal = Self.conditional(option)
            default: throw .syntax
            }
        }
        if let refusal { throw refusal }
        if let stated {
            guard let amount = Int64(redisDecimal: stated.amount) else { throw .notAnInteger }
            expiry = try stated.unit.expiry(amount, at: call.now, command: "set")
        }
    }

    private static func conditional(_ option: Keyword) -> CommandError {
        .unsupported(
            "SET with \(option)",
            "replicas take writes without agreeing on an order first, so what it promises could "
                + "not be kept; read with MARTLET.GET and write with its context")
    }
}

extension ExpiryUnit {
    /// The unit of SET's options.
    fileprivate init?(_ option: Keyword) {
        switch option {
        case "EX": self = .seconds
        case "PX": self = .milliseconds
        case "EXAT": self = .unixSeconds
        case "PXAT": self = .unixMilliseconds
        default: return nil
        }
    }
}
