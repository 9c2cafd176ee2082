// Commands about the connection itself, CLIENT's among them: what client libraries send before
// their first real command.
internal import MartletBase
internal import MartletRESP

extension ClientSession {
    /// `PING [message]`.
    func ping(_ words: [Bytes]) throws(CommandError) {
        guard words.count <= 2 else { throw .wrongArity("ping") }
        if words.count == 2 { return try echo(words[1]) }
        reply { $0.writeSimple("PONG") }
    }

    /// `ECHO message`. One of many MiB would have everybody else wait.
    func echo(_ message: Bytes) throws(CommandError) {
        guard message.count <= Self.messageLimitBytes else {
            throw CommandError(
                code: "TOOLARGE",
                "the message is larger than the limit of \(Self.messageLimitBytes) bytes")
        }
        reply { $0.writeBulk(message) }
    }

    private static var messageLimitBytes: Int { 1 << 20 }

    /// `HELLO [version [AUTH user password] [SETNAME name]]`.
    func hello(_ words: [Bytes]) throws(CommandError) {
        var version = version
        var name = name
        if words.count > 1 {
            guard let number = Int64(redisDecimal: words[1]) else {
                throw CommandError("Protocol version is not an integer or out of range")
            }
            guard let asked = Int(exactly: number).flatMap(RESPVersion.init) else {
                throw CommandError(code: "NOPROTO", "unsupported protocol version")
            }
            version = asked
        }
        var cursor = ArgumentCursor(words, from: 2)
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
        if let user { try Self.checkUser(user) }
        name = try Self.checkedName(name, "Client names")
        self.version = version
        self.name = name
        reply(writeGreeting)
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

    /// `AUTH user password`: the one user has no password, so that any is right.
    func auth(_ words: [Bytes]) throws(CommandError) {
        switch words.count {
        case 2:
            throw CommandError(
                "AUTH <password> called without any password configured for the default user. Are "
                    + "you sure your configuration is correct?")
        case 3:
            try Self.checkUser(words[1])
            reply { $0.writeOK() }
        default: throw .syntax
        }
    }

    private static func checkUser(_ user: Bytes) throws(CommandError) {
        guard user == Bytes(text: "default") else {
            throw CommandError(
                code: "WRONGPASS", "invalid username-password pair or user is disabled.")
        }
    }

    /// `SELECT 0`.
    func select(_ words: [Bytes]) throws(CommandError) {
        guard let index = Int64(redisDecimal: words[1]) else { throw .notAnInteger }
        guard index == 0 else {
            throw CommandError("DB index is out of range: there is one database, 0")
        }
        reply { $0.writeOK() }
    }

    /// `QUIT`.
    func quit() {
        reply { $0.writeOK() }
        end()
    }

    /// `RESET`: the connection as it was when it was opened.
    func reset() {
        version = .resp2
        name = []
        transaction = .none
        reply { $0.writeSimple("RESET") }
    }

    // MARK: CLIENT

    /// `CLIENT SETNAME name`; an empty one takes the name away.
    func clientSetName(_ words: [Bytes]) throws(CommandError) {
        name = try Self.checkedName(words[2], "Client names")
        reply { $0.writeOK() }
    }

    /// `CLIENT GETNAME`.
    func clientGetName() {
        reply { [name] in name.isEmpty ? $0.writeNull() : $0.writeBulk(name) }
    }

    /// `CLIENT SETINFO LIB-NAME name | LIB-VER version`.
    func clientSetInfo(_ words: [Bytes]) throws(CommandError) {
        switch Keyword(words[2]) {
        case "LIB-NAME": library.name = try Self.checkedName(words[3], "lib-name")
        case "LIB-VER": library.version = try Self.checkedName(words[3], "lib-ver")
        default: throw CommandError("Unrecognized option '\(words[2].text)'")
        }
        reply { $0.writeOK() }
    }

    /// Redis's rule for names: printable ASCII without blanks, so that CLIENT LIST stays readable.
    private static func checkedName(
        _ name: Bytes, _ what: String
    ) throws(CommandError) -> Bytes {
        guard name.allSatisfy({ (UInt8(ascii: "!")...UInt8(ascii: "~")).contains($0) }) else {
            throw CommandError("\(what) cannot contain spaces, newlines or special characters.")
        }
        return name
    }

    /// `CLIENT NO-EVICT ON|OFF`, `CLIENT NO-TOUCH ON|OFF`: nothing is evicted or touched by reads,
    /// so either way holds.
    func clientSwitch(_ words: [Bytes]) throws(CommandError) {
        switch Keyword(words[2]) {
        case "ON", "OFF": reply { $0.writeOK() }
        default: throw .syntax
        }
    }

    /// `CLIENT REPLY ON`.
    func clientReply(_ words: [Bytes]) throws(CommandError) {
        switch Keyword(words[2]) {
        case "ON": reply { $0.writeOK() }
        case "OFF", "SKIP":
            throw .unsupported("CLIENT REPLY \(Keyword(words[2]))", "every command is answered")
        default: throw .syntax
        }
    }

    /// `CLIENT TRACKING OFF`.
    func clientTracking(_ words: [Bytes]) throws(CommandError) {
        switch Keyword(words[2]) {
        case "OFF": reply { $0.writeOK() }
        case "ON":
            throw .unsupported(
                "CLIENT TRACKING", "a node does not see the writes that other nodes coordinate")
        default: throw .syntax
        }
    }

    /// `CLIENT INFO`.
    func clientInfo() {
        var line = ""
        list(into: &line)
        reply { $0.writeVerbatim(line) }
    }

    /// `CLIENT LIST`: the connections of this node.
    func clientList(_ words: [Bytes]) throws(CommandError) {
        guard words.count == 2 else {
            throw .unsupported("CLIENT LIST with a filter", "it lists every connection of the node")
        }
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
