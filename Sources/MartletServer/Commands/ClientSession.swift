// One client's connection without its socket: commands in, bytes out, replies in the order of the
// commands. What a command comes to is planned in the files named after the groups of commands; the
// table says which there are. Every plan is performed here, after the one check of all.
//
//     shell ── execute(command) ──► plan, check, perform
//     shell ◄─ onOutput, takeOutput ◄──── replies in order, as they complete
//     shell ── outputWritten ──►          what was taken no longer counts against the limits
//     shell ◄─ onTurnOver, takeTurn ──►   a long command goes on in the loop's next turn
package import MartletBase
package import MartletRESP
internal import MartletVersions
internal import MartletViews
internal import MartletWire

/// What one connection may hold at a node.
package struct SessionLimits: Hashable, Sendable {
    /// Commands without a reply before the shell stops reading, 1 … 1,000,000. More lets longer
    /// pipelines run at once, and costs memory for each.
    package var pendingLimit = 1_024
    /// Bytes that are owed (replies that are not written or wait behind another, values of requests
    /// in flight, what reads in flight are expected to bring) before the shell stops reading,
    /// 64 KiB … 1 GiB: what a client that does not read may cost. One command is always taken.
    package var outputLimitBytes = 8 << 20
    /// Keys that one command may name, 1 … 1,000,000: each is a request of its own.
    package var keyLimit = 16_384

    /// The defaults.
    package init() {}

    /// Bytes that a read is expected to bring while none has been answered.
    var firstEstimate: Int { outputLimitBytes / 16 }
}

/// One client's connection; confined to the node's loop.
package final class ClientSession {
    /// The connection's number, unique at its node.
    package let id: Int
    let target: any CommandTarget
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
    private var inFlight: RequestsInFlight
    private var isClosed = false
    private var isAnnounced = false
    /// Bytes taken by the shell and not yet written.
    private var unwrittenByteCount = 0
    /// Bytes of words that those wait with whose requests are not all made.
    private var unaskedByteCount = 0
    /// The commands of several keys whose requests are not all made yet, oldest first.
    private var asking: [Gathering] = []
    private var isAsking = false
    /// What was done since the clock was last looked at; a GET or SET of a small value is 1.
    private var effort = 0
    /// After so much of it the clock is looked at.
    private static let effortLimit = 16
    /// Bytes of a value that count as much as one more command.
    private static let bytesOfOneEffort = 16 << 10

    /// Where the bytes that the session holds are counted.
    package var account: MemoryAccount?

    /// Called when there is output to take: once, and again only after it was taken. Never from
    /// within `takeOutput`.
    package var onOutput: () -> Void = {}
    /// Called when a command has more to do than one turn has time for: `takeTurn` in another.
    package var onTurnOver: () -> Void = {}
    /// Called when a reply that was begun cannot be finished: the connection must end at once.
    package var onBreak: () -> Void = {}

    /// Opens a session for a connection between two addresses.
    package init(
        target: any CommandTarget, connectionID: Int, peerAddress: String = "",
        localAddress: String = "", limits: SessionLimits = SessionLimits()
    ) {
        self.target = target
        self.limits = limits
        inFlight = RequestsInFlight(firstEstimate: limits.firstEstimate)
        id = connectionID
        addresses = (peerAddress, localAddress)
        openedAt = target.now.instant
        target.registry?.add(self)
    }

    // MARK: What the shell sees

    /// Whether the connection holds as much as it may, or a command's requests are not all made
    /// yet: hand in no commands. Ends within `outputWritten`, when half of the limits is free.
    package private(set) var isSaturated = false

    /// Whether no command is taken any more: after QUIT or a protocol error.
    package private(set) var shouldClose = false

    /// Whether every reply was given and taken.
    package var isDrained: Bool { queue.pendingCount == 0 && queue.outputByteCount == 0 }

    /// Whether no command is taken any more and nothing is left to be written: then the shell
    /// closes the connection.
    package var isOver: Bool { shouldClose && isDrained && (unwrittenByteCount == 0 || isClosed) }

    /// Whether there is output to take.
    package var hasOutput: Bool { queue.hasOutput }

    /// The next of the bytes to send, 1 MiB and one value at most; nil when there are none. Report
    /// them to `outputWritten` afterwards.
    package func takeOutput() -> Bytes? {
        isAnnounced = false
        guard queue.hasOutput else { return nil }
        let output = queue.takeOutput(render: render)
        unwrittenByteCount += output.count
        return output
    }

    /// `count` of the bytes taken have been written to the connection.
    package func outputWritten(_ count: Int) {
        invariant(
            (0...unwrittenByteCount).contains(count),
            "\(count) bytes were written of \(unwrittenByteCount)")
        unwrittenByteCount -= count
        askOn()
        if isSaturated, asking.isEmpty, queue.pendingCount <= limits.pendingLimit / 2,
            owedByteCount <= limits.outputLimitBytes / 2
        {
            isSaturated = false
        }
        account?.outputByteCount = heldByteCount
    }

    /// Whether the turn has taken as long as it may, or all clients' reads together hold so much
    /// that this one's must be answered first: hand in further commands in another.
    package func isTurnOver() -> Bool {
        if inFlight.hasReads, target.isFullOfReads { return true }
        effort += 1
        guard effort >= Self.effortLimit else { return false }
        effort = 0
        return target.isTurnOver
    }

    /// Another turn has begun after `onTurnOver`.
    package func takeTurn() {
        askOn()
        noteProgress()
    }

    /// The connection is gone: what is still to be answered is for nobody.
    package func connectionClosed() {
        guard !isClosed else { return }
        isClosed = true
        queue.removeAll()
        for gathering in asking { gathering.abandon() }
        asking = []
        target.registry?.remove(self)
        account?.close()
        onOutput = {}
        onTurnOver = {}
        onBreak = {}
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
        target.registry?.commandCount &+= 1
        let words = command.arguments
        do throws(CommandError) {
            // The two that come most often are not looked up.
            if command.name.isGet, words.count == 2 {
                try perform(.read(words[1], as: .value))
            } else if command.name.isSet, words.count == 3 {
                try perform(.store(words[2], at: words[1]))
            } else {
                // What it takes is anybody's guess.
                effort = Self.effortLimit
                try perform(plan(command))
            }
        } catch {
            if transaction != .none { transaction = .refused }
            reply { error.write(to: &$0) }
        }
    }

    private func plan(_ command: RESPCommand) throws(CommandError) -> CommandPlan {
        if command.name.isOfHTTP { return .connection(.hangUp) }
        return try CommandTable.plan(command, target)
    }

    /// Does what was planned, and replies exactly once, at once or later. Whatever is done for a
    /// client passes the check here. Inlined, so that of a plan that is known to be a request only
    /// the request is left.
    @inline(__always)
    private func perform(_ plan: CommandPlan) throws(CommandError) {
        try check(plan)
        if case .request(let request, let form) = plan {
            submit(request, as: form)
        } else {
            try performChecked(plan)
        }
    }

    @inline(never)
    private func performChecked(_ plan: CommandPlan) throws(CommandError) {
        switch plan {
        case .request(let request, let form): submit(request, as: form)
        case .gather(let form, let words):
            ask(for: Gathering(form, ticket: reserve(), words: words))
        case .reply(let value): reply { $0.write(value) }
        case .connection(let act): perform(act)
        case .transaction(let act): try perform(act)
        case .show(let sight): try show(sight)
        case .operate(let act): try perform(act)
        }
    }

    /// Refuses what this client may not do, or not now.
    @inline(__always)
    private func check(_ plan: CommandPlan) throws(CommandError) {
        if transaction != .none, !plan.isPerformedInTransaction { throw Self.heldBack }
        let keyCount = plan.access.keys.count
        guard keyCount <= limits.keyLimit else {
            throw CommandError(
                code: "TOOLARGE",
                "\(keyCount) keys in one command, the limit is \(limits.keyLimit): send several "
                    + "commands, pipelined")
        }
    }

    private func show(_ sight: NodeSight) throws(CommandError) {
        switch sight {
        case .information(let sections): showInformation(sections)
        case .databaseSize: showDatabaseSize()
        case .clients: showClients()
        case .commandShapes(let names): showShapes(of: names)
        case .commandDocuments(let names): showDocuments(of: names)
        case .clusterState: showClusterState()
        case .clusterName: showClusterName()
        case .clusterNodes: showClusterNodes()
        case .clusterSlots: try showClusterSlots()
        case .clusterShards: try showClusterShards()
        case .ring(let includesHomes): showRing(includesHomes: includesHomes)
        case .status: showStatus()
        case .placement(let key): try showPlacement(of: key)
        case .repair: showRepair(of: nil, begun: 0, for: reserve())
        case .holdings(let key): try showHoldings(of: key)
        case .transfers: showTransfers()
        }
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

    /// Hands `request` to the node and replies in `form`.
    private func submit(_ request: ClientRequest, as form: ReplyForm) {
        let ticket = reserve(form)
        let cost = begin(request)
        target.submit(request) { [self] answer in
            end(cost, answer)
            if isClosed { return }
            queue.answer(ticket, answer, render: render)
            noteProgress()
        }
        if !hasRoom { isSaturated = true }
        account?.outputByteCount = heldByteCount
    }

    private func begin(_ request: ClientRequest) -> RequestsInFlight.Cost {
        let cost = RequestsInFlight.Cost(request)
        inFlight.begin(cost)
        switch cost {
        case .read: effort += inFlight.readEstimate / Self.bytesOfOneEffort
        case .write(let byteCount): effort += byteCount / Self.bytesOfOneEffort
        }
        return cost
    }

    private func end(_ cost: RequestsInFlight.Cost, _ answer: ClientAnswer) {
        if case .failed = answer { return inFlight.end(cost, answerByteCount: nil) }
        let byteCount = answer.valueByteCount
        inFlight.end(cost, answerByteCount: byteCount)
        effort += byteCount / Self.bytesOfOneEffort
    }

    /// Keeps the next place: for an answer in `form`, or for `fulfil`.
    func reserve(_ form: ReplyForm = .encodedLater) -> ReplyTicket {
        let ticket = queue.reserve(form, version: version)
        if !hasRoom { isSaturated = true }
        return ticket
    }

    /// Gives the reply that `reserve` kept a place for.
    func fulfil(_ ticket: ReplyTicket, _ body: (inout ReplyWriter) -> Void) {
        if isClosed { return }
        queue.fulfil(ticket, body, render: render)
        noteProgress()
    }

    /// Bytes that are there on behalf of the client.
    private var heldByteCount: Int {
        unwrittenByteCount + queue.outputByteCount + queue.heldByteCount
            + inFlight.writtenByteCount + unaskedByteCount
    }

    /// Those, and what is expected.
    private var owedByteCount: Int {
        unwrittenByteCount + queue.outputByteCount + queue.heldByteCount + inFlight.byteCount
    }

    /// Whether another request may be made.
    private var hasRoom: Bool {
        guard queue.pendingCount < limits.pendingLimit, inFlight.count < limits.pendingLimit else {
            return false
        }
        let owed = owedByteCount
        return owed == 0 || owed + inFlight.readEstimate <= limits.outputLimitBytes
    }

    /// After something was added to the queue: is it too much, and is there something to send?
    private func noteProgress() {
        if !hasRoom { isSaturated = true }
        account?.outputByteCount = heldByteCount
        if isAnnounced || !queue.hasOutput { return }
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

    // MARK: Commands of several keys

    /// Makes the requests of a command of several keys, as many as there is room and time for; the
    /// others follow as answers come, as the client reads, and turn by turn.
    private func ask(for gathering: Gathering) {
        asking.append(gathering)
        askOn()
        if gathering.hasMoreToAsk {
            unaskedByteCount += gathering.unaskedByteCount
            gathering.isCounted = true
            isSaturated = true
        }
        account?.outputByteCount = heldByteCount
    }

    private func askOn() {
        if isAsking { return }
        isAsking = true
        defer { isAsking = false }
        while let gathering = asking.first {
            guard gathering.hasMoreToAsk else {
                asking.removeFirst()
                continue
            }
            guard hasRoom || begin(gathering) else { return }
            if isTurnOver() { return onTurnOver() }
            askNext(of: gathering)
        }
    }

    private func askNext(of gathering: Gathering) {
        let (index, request, byteCount) = gathering.next()
        if gathering.isCounted { unaskedByteCount -= byteCount }
        let cost = begin(request)
        target.submit(request) { [self] answer in
            end(cost, answer)
            if isClosed { return }
            queue.hold(gathering.take(answer, at: index, shown: shown(of:)))
            if gathering.isComplete {
                finish(gathering)
            } else if gathering.isBegun {
                extend(gathering)
            }
            askOn()
            noteProgress()
        }
    }

    /// Begins the reply before all of it is there: when it is the next one due and nothing but what
    /// was gathered for it takes up the room. Until then a failure is the whole reply; from then on
    /// it can only break the connection.
    private func begin(_ gathering: Gathering) -> Bool {
        guard gathering.mayBegin, queue.isDue(gathering.ticket), inFlight.count == 0,
            unwrittenByteCount + queue.outputByteCount == 0
        else { return false }
        gathering.isBegun = true
        extend(gathering)
        return hasRoom
    }

    private func extend(_ gathering: Gathering) {
        if gathering.failure != nil { return breakOff() }
        queue.write(gathering, render: render)
        noteProgress()
    }

    private func finish(_ gathering: Gathering) {
        guard !gathering.isBegun, let failure = gathering.failure else { return extend(gathering) }
        queue.hold(-gathering.dropValues())
        let error = gathering.error(error(failure, ofWrite: gathering.form.isOfWrite))
        fulfil(gathering.ticket) { error.write(to: &$0) }
    }

    private func breakOff() {
        let onBreak = onBreak
        shouldClose = true
        connectionClosed()
        onBreak()
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
