// SET and its relatives, and reads of one value. Conditional writes are refused: without a single
// order of writes their answer would be a guess.
internal import MartletBase
internal import MartletRESP
internal import MartletVersions
internal import MartletWire

extension ClientSession {
    /// `GET key`, and the other reads of one key.
    func get(_ words: [Bytes], as form: ReplyForm) {
        read(words[1], as: form)
    }

    /// `SET key value [EX seconds | PX ms | EXAT time | PXAT time-ms]`.
    func set(_ words: [Bytes]) throws(CommandError) {
        let options = try SetOptions(words, at: target.now.wall)
        put(words[1], value: words[2], expiry: options.expiry)
    }

    /// `SETEX key seconds value`, `PSETEX key ms value`.
    func setExpiring(_ words: [Bytes], command: String, unit: ExpiryUnit) throws(CommandError) {
        guard let amount = Int64(redisDecimal: words[2]) else { throw .notAnInteger }
        let expiry = try unit.expiry(amount, at: target.now.wall, command: command)
        put(words[1], value: words[3], expiry: expiry)
    }

    private func put(_ key: Bytes, value: Bytes, expiry: WallTime?) {
        let mutation = Mutation(
            content: .value(value), expiry: expiry, causality: .coordinator)
        write(mutation, to: key, as: .stored)
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
struct SetOptions: Hashable {
    /// When the value expires; nil for never.
    var expiry: WallTime?

    /// Reads `words[3...]`. A syntax error comes before a refusal, as in Redis.
    init(_ words: [Bytes], at now: WallTime) throws(CommandError) {
        var cursor = ArgumentCursor(words, from: 3)
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
            expiry = try stated.unit.expiry(amount, at: now, command: "set")
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
