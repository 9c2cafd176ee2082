// What a command is refused with: a code that programs may rely on and a text that says what to
// do. Texts are Redis's where Redis has the case. The connection lives on after each.
internal import MartletBase
internal import MartletRESP
internal import MartletWire

/// An error reply.
struct CommandError: Error, Hashable {
    /// A word in capitals that never changes its meaning.
    var code = "ERR"
    /// What is wrong, and what to do.
    var message: String

    /// An error of code `ERR`.
    init(_ message: String) {
        self.message = message
    }

    /// An error of the given code.
    init(code: String, _ message: String) {
        self.code = code
        self.message = message
    }

    static let syntax = CommandError("syntax error")
    static let notAnInteger = CommandError("value is not an integer or out of range")
    static let noCluster = CommandError(
        code: "CLUSTERDOWN",
        "this node belongs to no cluster yet: start all its nodes, then create the cluster once "
            + "with MARTLET.CREATE")

    static func wrongArity(_ name: String) -> CommandError {
        CommandError("wrong number of arguments for '\(name)' command")
    }

    static func invalidExpiry(_ command: String) -> CommandError {
        CommandError("invalid expire time in '\(command)' command")
    }

    /// Options or a context that cannot be meant: the same request would fail again.
    static func invalid(_ message: String) -> CommandError {
        CommandError(code: "INVALID", message)
    }

    /// What Redis does and Martlet will not pretend to do.
    static func unsupported(_ what: String, _ why: String) -> CommandError {
        CommandError("\(what) is not supported: \(why)")
    }

    /// Redis's text, with as much of the arguments as it shows.
    static func unknownCommand(_ words: [Bytes]) -> CommandError {
        let limit = 128
        var preview: Bytes = []
        for word in words.dropFirst() where preview.count < limit {
            preview.append(UInt8(ascii: "'"))
            preview += word.prefix(limit - preview.count + 1).prefix { $0 != 0 }
            preview += [UInt8(ascii: "'"), UInt8(ascii: " ")]
        }
        let name = Bytes(words[0].prefix(limit)).text
        return CommandError(
            "unknown command '\(name)', with args beginning with: \(preview.text)")
    }

    /// A command of Redis's that Martlet has not, and the reason; begins as the text for one that
    /// nobody has.
    static func refusedCommand(_ name: Keyword, _ reason: String) -> CommandError {
        CommandError("unknown command '\(name)': \(reason)")
    }

    /// Redis's text for a subcommand that a command does not have.
    static func unknownSubcommand(_ words: [Bytes]) -> CommandError {
        let name = Bytes(words[1].prefix(128)).text
        return CommandError(
            "unknown subcommand '\(name)'. Try \(words[0].text.uppercased()) HELP.")
    }

    func write(to writer: inout ReplyWriter) {
        writer.writeError(message, code: code)
    }
}

extension CommandError {
    /// The reply to a request that failed, of a read or a write; `name` puts names to nodes.
    init(_ error: RequestError, ofWrite isWrite: Bool, name: (NodeID) -> String) {
        switch error {
        case .noTopology: self = .noCluster
        case .invalidOptions(let text): self = .invalid(text)
        case .unavailable(let needed, let reachable, let evidence):
            self.init(
                code: "NOQUORUM",
                "\(needed) replicas are needed and \(reachable) can be reached"
                    + evidence.summary(name, unanswered: "reachable")
                    + ": bring nodes back, or ask for fewer")
        case .timedOut(let needed, let answered, let evidence):
            self.init(
                code: "TIMEOUT",
                "\(needed) replicas are needed and \(answered) had answered in time"
                    + evidence.summary(name, unanswered: "silent")
                    + (isWrite
                        ? ": the write may still take effect; read before writing again, or allow "
                            + "more time"
                        : ": allow more time, or ask for fewer"))
        case .overloaded:
            self.init(
                code: "OVERLOADED",
                "the node has too many requests, or too many bytes of values, in flight: "
                    + "try again later")
        case .tooLarge(let what, let limit):
            self.init(code: "TOOLARGE", "the \(what) is larger than the limit of \(limit) bytes")
        case .tooManySiblings(let limit):
            self.init(
                code: "SIBLINGS",
                "the key would have more than \(limit) siblings: read it with MARTLET.GET, merge, "
                    + "and write with the context")
        case .clockSkew:
            self.init(
                code: "CLOCKSKEW",
                "the node's wall clock is too far off to name a write by, and nothing was written: "
                    + "check time synchronisation on the nodes")
        case .late:
            self.init(code: "TIMEOUT", "the request came too late to be begun: nothing was done")
        case .storage(let text): self.init(code: "STORAGE", text)
        case .ringChanged:
            self.init(code: "TRYAGAIN", "the ring has changed meanwhile: nothing was done")
        }
    }
}

extension Evidence {
    /// ` (coordinator a; b silent, c stored)`; for people. Whoever has not answered is
    /// `unanswered`.
    fileprivate func summary(_ name: (NodeID) -> String, unanswered: String) -> String {
        let parts = witnesses.map { witness in
            "\(name(witness.node)) \(witness.act == .silent ? unanswered : "\(witness.act)")"
        }.joined(separator: ", ")
        return " (coordinator \(name(coordinator))\(parts.isEmpty ? "" : "; " + parts))"
    }
}
