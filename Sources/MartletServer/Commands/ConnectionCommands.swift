// Commands about the connection itself, CLIENT's among them: what client libraries send before
// their first real command.
internal import MartletBase
internal import MartletRESP

enum ConnectionCommands {
    /// `PING [message]`.
    static func ping(_ call: CommandCall) throws(CommandError) -> CommandPlan {
        switch call.count {
        case 1: return .reply(.simple("PONG"))
        case 2: return try echo(call)
        default: throw .wrongArity("ping")
        }
    }

    /// `ECHO message`. One of many MiB would have everybody else wait.
    static func echo(_ call: CommandCall) throws(CommandError) -> CommandPlan {
        guard call[1].count <= messageLimitBytes else {
            throw CommandError(
                code: "TOOLARGE",
                "the message is larger than the limit of \(messageLimitBytes) bytes")
        }
        return .reply(.bulk(call[1]))
    }

    private static let messageLimitBytes = 1 << 20

    /// `HELLO [version [AUTH user password] [SETNAME name]]`.
    static func hello(_ call: CommandCall) throws(CommandError) -> CommandPlan {
        var version: RESPVersion?
        if call.count > 1 {
            guard let number = Int64(redisDecimal: call[1]) else {
                throw CommandError("Protocol version is not an integer or out of range")
            }
            version = Int(exactly: number).flatMap(RESPVersion.init)
            if version == nil {
                throw CommandError(code: "NOPROTO", "unsupported protocol version")
            }
        }
        var cursor = call.options(from: 2)
        var name: Bytes?
        var user: Bytes?
        while let option = cursor.nextKeyword() {
            let word = cursor.lastWord
            switch (option, cursor.count) {
            case ("AUTH", 2...):
                user = try cursor.value()
                _ = try cursor.value()
            case ("SETNAME", 1...): name = try cursor.value()
            default: throw CommandError("Syntax error in HELLO option '\(word.text)'")
            }
        }
        if let user { try checkUser(user) }
        if let name { try checkName(name, "Client names") }
        return .connection(.greet(version, name: name))
    }

    /// `AUTH user password`: the one user has no password, so that any is right.
    static func authenticate(_ call: CommandCall) throws(CommandError) -> CommandPlan {
        switch call.count {
        case 2:
            throw CommandError(
                "AUTH <password> called without any password configured for the default user. Are "
                    + "you sure your configuration is correct?")
        case 3: try checkUser(call[1])
        default: throw .syntax
        }
        return .accepted
    }

    private static func checkUser(_ user: Bytes) throws(CommandError) {
        guard user == Bytes(text: "default") else {
            throw CommandError(
                code: "WRONGPASS", "invalid username-password pair or user is disabled.")
        }
    }

    /// `SELECT 0`.
    static func select(_ call: CommandCall) throws(CommandError) -> CommandPlan {
        guard let index = Int64(redisDecimal: call[1]) else { throw .notAnInteger }
        guard index == 0 else {
            throw CommandError("DB index is out of range: there is one database, 0")
        }
        return .accepted
    }

    // MARK: CLIENT

    /// `CLIENT SETNAME name`; an empty one takes the name away.
    static func setName(_ call: CommandCall) throws(CommandError) -> CommandPlan {
        try checkName(call[2], "Client names")
        return .connection(.setName(call[2]))
    }

    /// `CLIENT SETINFO LIB-NAME name | LIB-VER version`.
    static func setLibrary(_ call: CommandCall) throws(CommandError) -> CommandPlan {
        switch Keyword(call[2]) {
        case "LIB-NAME":
            try checkName(call[3], "lib-name")
            return .connection(.setLibraryName(call[3]))
        case "LIB-VER":
            try checkName(call[3], "lib-ver")
            return .connection(.setLibraryVersion(call[3]))
        default: throw CommandError("Unrecognized option '\(call[2].text)'")
        }
    }

    /// Redis's rule for names: printable ASCII without blanks, so that CLIENT LIST stays readable.
    private static func checkName(_ name: Bytes, _ what: String) throws(CommandError) {
        guard name.allSatisfy({ (UInt8(ascii: "!")...UInt8(ascii: "~")).contains($0) }) else {
            throw CommandError("\(what) cannot contain spaces, newlines or special characters.")
        }
    }

    /// `CLIENT NO-EVICT ON|OFF`, `CLIENT NO-TOUCH ON|OFF`: nothing is evicted or touched by reads,
    /// so either way holds.
    static func eitherWay(_ call: CommandCall) throws(CommandError) -> CommandPlan {
        switch Keyword(call[2]) {
        case "ON", "OFF": return .accepted
        default: throw .syntax
        }
    }

    /// `CLIENT REPLY ON`.
    static func setReplies(_ call: CommandCall) throws(CommandError) -> CommandPlan {
        switch Keyword(call[2]) {
        case "ON": return .accepted
        case "OFF", "SKIP":
            throw .unsupported("CLIENT REPLY \(Keyword(call[2]))", "every command is answered")
        default: throw .syntax
        }
    }

    /// `CLIENT TRACKING OFF`.
    static func setTracking(_ call: CommandCall) throws(CommandError) -> CommandPlan {
        switch Keyword(call[2]) {
        case "OFF": return .accepted
        case "ON":
            throw .unsupported(
                "CLIENT TRACKING", "a node does not see the writes that other nodes coordinate")
        default: throw .syntax
        }
    }

    /// `CLIENT LIST`: the connections of this node.
    static func list(_ call: CommandCall) throws(CommandError) -> CommandPlan {
        guard call.count == 2 else {
            throw .unsupported("CLIENT LIST with a filter", "it lists every connection of the node")
        }
        return .show(.clients)
    }
}

extension ClientSession {
    func perform(_ act: ConnectionAct) {
        switch act {
        case .greet(let version, let name):
            if let version { self.version = version }
            if let name { self.name = name }
            reply(writeGreeting)
        case .tellNumber: reply { $0.writeInteger(id) }
        case .tellName: reply { name.isEmpty ? $0.writeNull() : $0.writeBulk(name) }
        case .describe:
            var line = ""
            list(into: &line)
            reply { $0.writeVerbatim(line) }
        case .setName(let name):
            self.name = name
            reply { $0.writeOK() }
        case .setLibraryName(let name):
            library.name = name
            reply { $0.writeOK() }
        case .setLibraryVersion(let version):
            library.version = version
            reply { $0.writeOK() }
        case .reset:
            version = .resp2
            name = []
            transaction = .none
            reply { $0.writeSimple("RESET") }
        case .quit:
            reply { $0.writeOK() }
            end()
        case .hangUp: hangUp()
        }
    }

    private func writeGreeting(_ writer: inout ReplyWriter) {
        writer.writeMapHeader(7)
        writer.writeBulk("server")
        writer.writeBulk("martlet")
        writer.writeBulk("version")
        writer.writeBulk(CommandTable.redisVersion)
        writer.writeBulk("proto")
        writer.writeInteger(version.rawValue)
        writer.writeBulk("id")
        writer.writeInteger(id)
        writer.writeBulk("mode")
        writer.writeBulk("cluster")
        writer.writeBulk("role")
        writer.writeBulk("master")
        writer.writeBulk("modules")
        writer.writeArrayHeader(0)
    }

    /// A browser was made to speak to the node, which would carry out what stands in the body:
    /// ends the session at once, as Redis does.
    private func hangUp() {
        target.noteHTTP(from: addresses.peer)
        end()
        connectionClosed()
    }

    /// Tells of the connections of this node.
    func showClients() {
        let look = { @Sendable (target: any CommandTarget) in
            var lines = ""
            for session in target.registry?.sessions ?? [] { session.list(into: &lines) }
            return lines
        }
        survey(look) { $1.writeVerbatim($0.joined()) }
    }

    /// Adds one line of CLIENT LIST, with the fields of Redis's that exist here. Word by word:
    /// there may be tens of thousands, for one turn of the loop.
    private func list(into lines: inout String) {
        let age = target.now.instant.since(openedAt).components.seconds
        lines += "id="
        lines += String(id)
        lines += " addr="
        lines += addresses.peer
        lines += " laddr="
        lines += addresses.local
        lines += " name="
        if !name.isEmpty { lines += name.text }
        lines += " age="
        lines += String(age)
        lines += " flags=N db=0 user=default resp="
        lines += version == .resp2 ? "2" : "3"
        lines += " lib-name="
        if !library.name.isEmpty { lines += library.name.text }
        lines += " lib-ver="
        if !library.version.isEmpty { lines += library.version.text }
        lines += "\n"
    }
}
