// One client's connection without its socket: commands in, bytes out, replies in the order of the
// commands. The commands themselves stand in the files named after their groups; the table says
// which there are.
//
//     shell ── execute(command) ──► GET, SET straight to the node │ others by the table
//     shell ◄─ onOutput, takeOutput ◄──── replies in order, as they complete
//     shell ── outputWritten ──►          what was taken no longer counts against the limits
package import MartletBase
package import MartletRESP
internal import MartletVersions
internal import MartletWire

/// What one connection may hold at a node.
package struct SessionLimits: Hashable, Sendable {
    /// Commands without a reply before the shell stops reading, 1 … 1,000,000. More lets longer
    /// pipelines run at once, and costs memory for each.
    package var pendingLimit = 1_024
    /// Bytes of replies that are not written, or wait behind another, before the shell stops
    /// reading, 1 … 1 GiB: what a client that does not read may cost. Replies to commands already
    /// taken in come on top.
    package var outputLimitBytes = 4 << 20
    /// Keys that one command may name, 1 … 1,000,000: each is a request of its own.
    package var keyLimit = 16_384

    /// The defaults.
    package init() {}
}

/// One client's connection; confined to the node's loop.
package final class ClientSession {
    /// The connection's number, unique at its node.
    package let id: Int
    let target: any CommandTarget
    let registry: ClientRegistry?
    let limits: SessionLimits
    /// The addresses of both ends, for CLIENT LIST.
    let addresses: (peer: String, local: String)
    let openedAt: Instant

    /// The protocol of replies to the commands from here on.
    var version = RESPVersion.resp2
    /// What CLIENT SETNAME set.
    var name: Bytes = []
    /// What CLIENT SETINFO set.
    var library: (name: Bytes, version: Bytes) = ([], [])
    /// Whether commands are held back since MULTI.
    var transaction = TransactionState.none

    private var queue = ReplyQueue()
    private var isClosed = false
    private var isAnnounced = false
    /// Bytes taken by the shell and not yet written.
    private var unwrittenByteCount = 0

    /// Called when there is output to take: once, and again only after it was taken. Never from
    /// within `takeOutput`.
    package var onOutput: () -> Void = {}

    /// Opens a session for a connection between two addresses.
    ///
    /// - Parameter registry: the sessions of the same node, for CLIENT LIST and INFO; without one
    ///   they know this session alone.
    package init(
        target: any CommandTarget, connectionID: Int, peerAddress: String = "",
        localAddress: String = "", registry: ClientRegistry? = nil,
        limits: SessionLimits = SessionLimits()
    ) {
        self.target = target
        self.registry = registry
        self.limits = limits
        id = connectionID
        addresses = (peerAddress, localAddress)
        openedAt = target.now.instant
        registry?.add(self)
    }

    // MARK: What the shell sees

    /// Whether the connection holds as much as it may: hand in no commands. Begins when a limit is
    /// reached and ends within `outputWritten`, when half of it is free again.
    package private(set) var isSaturated = false

    /// Whether no command is taken any more: after QUIT or a protocol error.
    package private(set) var shouldClose = false

    /// Whether every reply was given and taken.
    package var isDrained: Bool { queue.pendingCount == 0 && queue.outputByteCount == 0 }

    /// Whether no command is taken any more and nothing is left to be written: then the shell
    /// closes the connection.
    package var isOver: Bool { shouldClose && isDrained && (unwrittenByteCount == 0 || isClosed) }

    /// The bytes to send; nil when there are none. Report them to `outputWritten` afterwards.
    package func takeOutput() -> Bytes? {
        isAnnounced = false
        guard queue.outputByteCount > 0 else { return nil }
        unwrittenByteCount += queue.outputByteCount
        return queue.takeOutput()
    }

    /// `count` of the bytes taken have been written to the connection.
    package func outputWritten(_ count: Int) {
        invariant(
            (0...unwrittenByteCount).contains(count),
            "\(count) bytes were written of \(unwrittenByteCount)")
        unwrittenByteCount -= count
        if isSaturated, queue.pendingCount <= limits.pendingLimit / 2,
            owedByteCount <= limits.outputLimitBytes / 2
        {
            isSaturated = false
        }
    }

    /// The connection is gone: what is still to be answered is for nobody.
    package func connectionClosed() {
        guard !isClosed else { return }
        isClosed = true
        queue.removeAll()
        registry?.remove(self)
        onOutput = {}
    }

    /// The client's bytes could not be read: says so in its turn, and ends the session.
    package func protocolError(_ error: RESPError) {
        if shouldClose || isClosed { return }
        reply { $0.writeError(error) }
        end()
    }

    /// The client sends nothing more, and all that it sent was handed in: it may still be reading.
    package func inputEnded() {
        end()
    }

    /// Runs a command; its reply comes in its turn. After the end of a session it is ignored.
    package func execute(_ command: RESPCommand) {
        if shouldClose || isClosed { return }
        registry?.commandCount &+= 1
        let words = command.arguments
        if transaction != .none {
            dispatch(command)
        } else if command.name.isGet, words.count == 2 {
            read(words[1], as: .value)
        } else if command.name.isSet, words.count == 3 {
            submit(
                ClientRequest(
                    key: words[1],
                    operation: .put(
                        Mutation(content: .value(words[2]), causality: .coordinator),
                        WriteOptions())),
                as: .stored)
        } else {
            dispatch(command)
        }
    }

    private func dispatch(_ command: RESPCommand) {
        if command.name.isOfHTTP { return hangUp() }
        do throws(CommandError) {
            let spec = try CommandTable.resolve(command)
            if transaction != .none, !command.name.isRunInTransaction { throw Self.heldBack }
            try spec.run(self, command.arguments)
        } catch {
            if transaction != .none { transaction = .refused }
            reply { error.write(to: &$0) }
        }
    }

    /// A browser was made to speak to the node, which would carry out what stands in the body:
    /// ends the session at once, as Redis does.
    private func hangUp() {
        target.noteHTTP(from: addresses.peer)
        end()
        connectionClosed()
    }

    // MARK: What commands use

    /// Replies at once, in turn.
    func reply(_ body: (inout ReplyWriter) -> Void) {
        queue.append(version: version, body)
        noteProgress()
    }

    /// No command is taken after this one.
    func end() {
        shouldClose = true
    }

    /// Reads `key` at the node's defaults.
    func read(_ key: Bytes, as form: ReplyForm) {
        submit(ClientRequest(key: key, operation: .get(ReadOptions())), as: form)
    }

    /// Hands `request` to the node and replies in `form`.
    func submit(_ request: ClientRequest, as form: ReplyForm) {
        let ticket = reserve(form)
        target.submit(request) { [self] answer in
            if isClosed { return }
            queue.answer(ticket, answer, render: render)
            noteProgress()
        }
    }

    /// Keeps the next place: for an answer in `form`, or for `fulfil`.
    func reserve(_ form: ReplyForm = .encodedLater) -> ReplyTicket {
        let ticket = queue.reserve(form, version: version)
        if queue.pendingCount >= limits.pendingLimit { isSaturated = true }
        return ticket
    }

    /// Gives the reply that `reserve` kept a place for.
    func fulfil(_ ticket: ReplyTicket, _ body: (inout ReplyWriter) -> Void) {
        if isClosed { return }
        queue.fulfil(ticket, body, render: render)
        noteProgress()
    }

    private var owedByteCount: Int {
        unwrittenByteCount + queue.outputByteCount + queue.heldByteCount
    }

    /// After something was added to the queue: is it too much, and is there something to send?
    private func noteProgress() {
        if queue.pendingCount >= limits.pendingLimit || owedByteCount >= limits.outputLimitBytes {
            isSaturated = true
        }
        if isAnnounced || queue.outputByteCount == 0 { return }
        isAnnounced = true
        onOutput()
    }

    private func render(
        _ form: ReplyForm, _ answer: ClientAnswer, _ writer: inout ReplyWriter
    ) {
        switch answer {
        case .read(let answer): write(answer, as: form, to: &writer)
        case .written(let answer): write(answer, as: form, to: &writer)
        case .failed(let error): self.error(error, ofWrite: form.isOfWrite).write(to: &writer)
        }
    }

    /// The reply to a read or write that failed, with the nodes by name.
    func error(_ error: RequestError, ofWrite isWrite: Bool) -> CommandError {
        let names = NodeNames(target.core)
        return CommandError(error, ofWrite: isWrite, name: names.name(of:))
    }
}

extension Keyword {
    /// Whether it begins a line of an HTTP request, and no command.
    fileprivate var isOfHTTP: Bool { self == "POST" || self == "HOST:" }

    // The two hottest names as numbers, which compare without a call.

    fileprivate var isGet: Bool { low == 0x54_45_47 && high == 0 }
    fileprivate var isSet: Bool { low == 0x54_45_53 && high == 0 }
}
