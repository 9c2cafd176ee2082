// A shard's loop: everything of one shard but its disk happens here, on one event loop; beside the
// first, what the node has once. Sockets and timers bring events, `NodeCore` decides, its work is
// done. What one turn of the loop produces leaves together: one write a client, one a peer, one
// chunk for the log, one hop to each other shard.
internal import DequeModule
internal import Logging
internal import MartletBase
internal import MartletMembership
internal import MartletNode
internal import MartletReplication
internal import MartletRESP
internal import MartletRing
internal import MartletStorage
internal import MartletWire
internal import NIOCore
internal import NIOPosix
internal import Synchronization

/// One shard of a running node. Confined to its event loop, which is what makes it `Sendable`: what
/// comes from elsewhere hops.
final class NodeLoop: @unchecked Sendable {
    /// The finest grain of timers: ticks closer together than this are taken as one.
    static let timerGrain = Duration.milliseconds(1)

    let eventLoop: any EventLoop
    let log: Logger
    let configuration: ServerConfiguration
    /// What tells this cluster's datagrams from others'.
    let clusterHash: UInt64
    private(set) var core: NodeCore
    /// Which shard it is, of how many.
    let shard: Shard
    /// Of the ring, once there is one: asking the core for it would copy the core.
    private(set) var partitionCount: PartitionCount?
    let startedAt: Instant
    /// Ends the process, since the node must not go on.
    let giveUp: @Sendable (ServerError) -> Void

    /// What to do with an answer.
    enum Completion {
        case request((ClientAnswer) -> Void)
        /// Of a client on the loop of that shard, under its number there.
        case foreign(RequestID, of: Int)
        case operation((OperatorReply) -> Void)
    }

    private var storage: StorageThreads?
    private(set) var datagrams: DatagramSocket?
    var links: [Peer: PeerLink] = [:]
    var linkOrder: [PeerLink] = []
    /// Where the nodes live that are linked to.
    var sought: [NodeID: Endpoint] = [:]

    private var turnMoments: (shown: Moment, now: Moment)?
    private(set) var turn = LoopTurn()
    private var isFlushScheduled = false
    private var isFlushing = false
    private var isFlushAwaited = false
    private var flushing = Deque<ClientHandler>()
    /// Who waits for a turn, the longest first: clients, and who brings what was asked for.
    private var waitingClients = Deque<any TurnTaker>()
    private var waitingDeliveries = Deque<any TurnTaker>()
    private var isTurnScheduled = false
    private let inbox: LoopInbox
    /// The node's shards in their order, this one among them.
    private(set) var shards: [NodeLoop] = []
    /// What the turn has for each of them.
    private var mail: [[LoopMail]] = []
    /// Whether this shard's reads in flight hold as much as they should, for the others to see.
    private let isFull = Atomic(false)
    /// What the node asks for and was not done yet.
    private var gathering = WorkBuffer()
    /// Where it was done before: the room is used again.
    private var spare: WorkBuffer?
    /// When the node is to be woken.
    private var wakeup = Instant.never

    /// Who waits for an answer; the numbers are the `RequestID`s.
    var waiting = SlidingTable<Completion>()
    /// Lets clients in, when the node says so.
    var whenReady: () -> Void = {}

    private var scheduledWakeup = Instant.never
    var complaints = ComplaintThrottle()
    let clients = ClientRegistry()
    var lastPeerConnection = 0
    /// What the node holds in memory for clients and peers.
    let memory: MemoryLedger
    /// What all shards have in common.
    let shared: NodeShared
    var surplusClientCount: UInt64 = 0

    init(
        eventLoop: any EventLoop, core: NodeCore, configuration: ServerConfiguration,
        shared: NodeShared, log: Logger, giveUp: @escaping @Sendable (ServerError) -> Void
    ) {
        self.eventLoop = eventLoop
        self.core = core
        shard = core.shardPlace
        partitionCount = core.topology?.partitionCount
        self.configuration = configuration
        self.shared = shared
        memory = MemoryLedger(total: shared.memory, shares: shard.count)
        clusterHash = Datagram.clusterHash(of: core.identity.clusterName)
        self.log = log
        self.giveUp = giveUp
        startedAt = SystemClock.instant
        inbox = LoopInbox(eventLoop: eventLoop)
        inbox.onMail = { [unowned self] mail in
            take(mail)
            return goOn()
        }
        inbox.onTurnOver = { [unowned self] in awaitTurn(delivery: inbox) }
    }

    /// Traps unless the caller is on the loop that owns this node.
    func assertConfined() {
        eventLoop.assertInEventLoop()
    }

    // MARK: Start and stop

    /// Begins to take part, once everything is listening, as one of `shards`; the first of them is
    /// the last to begin, and has the datagrams. Calls `whenReady` when it can serve clients.
    func start(
        among shards: [NodeLoop], storage: StorageThreads, datagrams: DatagramSocket?,
        whenReady: @escaping () -> Void
    ) {
        assertConfined()
        self.shards = shards
        mail = shards.map { _ in [] }
        self.whenReady = whenReady
        self.storage = storage
        self.datagrams = datagrams
        handle(.started)
    }

    /// Refuses further requests and leaves the clean mark for the log; the log thread's own stop
    /// then makes it durable.
    func stop() {
        assertConfined()
        handle(.stopping)
        flush()
        // What still arrives is not logged any more, so nothing of it is acknowledged.
        storage = nil
        datagrams = nil
        for link in linkOrder { link.close() }
    }

    /// Forgets the other shards, which have stopped too.
    func part() { shards = [] }

    // MARK: Events in

    /// Hands one event to the node and carries out what comes of it.
    func handle(_ event: NodeEvent) {
        assertConfined()
        core.handle(event, at: moments.shown, into: &gathering.work)
        perform()
        scheduleFlush()
    }

    /// Hands a message of a peer to the node.
    func receive(_ message: PeerMessage, from peer: Peer) {
        // Whether a forward is late is told by the clock as it is now: the process may have stood
        // still since the turn began.
        switch message {
        case .replication(.forward), .replication(.forwardReply): turnMoments = nil
        default: break
        }
        handle(.messageReceived(message, from: peer))
    }

    /// Goes on with what was too much for one event, as far as the turn goes; what is left then is
    /// due at the next wakeup. Whether the turn has time for more.
    private func goOn() -> Bool {
        while core.isUnfinished {
            if turn.areDeliveriesOver(at: SystemClock.instant) { return false }
            handle(.ticked)
        }
        return !isTurnOver(afterDelivery: 0)
    }

    /// The node has another ring than before, or may have.
    func ringChanged() { partitionCount = core.topology?.partitionCount }

    /// The moment that the node goes by.
    var now: Moment { moments.now }

    /// Begins a turn, unless one has begun: what is done from here on counts as part of it.
    func beginTurn() { _ = moments }

    /// Both clocks, read once in a turn: what they show, and the moment that the node goes by.
    private var moments: (shown: Moment, now: Moment) {
        if let turnMoments { return turnMoments }
        let shown = SystemClock.now
        let moments = (shown: shown, now: core.moment(shown))
        turnMoments = moments
        turn.begin(at: shown.instant)
        // Whoever asks has begun a turn, and a turn must end for time to go on.
        scheduleFlush()
        return moments
    }

    /// How the storage's threads reach the node.
    var storageAnswers: StorageThreads.Answers {
        StorageThreads.Answers(
            log: { [inbox] in inbox.append([.event(.logAnswered($0))]) },
            job: { [inbox] in inbox.append([.event(.jobAnswered($0))]) },
            reads: { [inbox] in inbox.append([.event(.readsAnswered($0))]) })
    }

    func schedule(after delay: Duration, _ body: @escaping () -> Void) {
        assertConfined()
        eventLoop.assumeIsolated().scheduleTask(
            in: .nanoseconds(Int64(clamping: delay.nanoseconds)), body)
    }

    // MARK: Work out

    /// Does what the node asks for at once; the rest is done as the turn ends.
    private func perform() {
        let done = gathering
        if done.work.isEmpty { return }
        // A request that ends may submit another: its work gathers in a buffer of its own.
        gathering = spare ?? WorkBuffer()
        spare = nil
        var shell = self
        done.work.carryOut(at: (), by: &shell)
        spare = done
    }

    /// Work, where it lies: it is large, and would be copied to be moved.
    private final class WorkBuffer {
        var work = Work()
    }

    /// Has another shard's loop take something in, at the end of the turn.
    func send(_ piece: LoopMail, to shard: Int) {
        mail[shard].append(piece)
        scheduleFlush()
    }

    private func sendMail() {
        for shard in mail.indices where !mail[shard].isEmpty {
            shards[shard].inbox.append(mail[shard])
            mail[shard].removeAll(keepingCapacity: true)
        }
        isFull.store(core.isFullOfReads, ordering: .relaxed)
    }

    /// Has this shard answer an operator.
    func answer(_ request: OperatorRequest, then complete: @escaping (OperatorReply) -> Void) {
        let id = RequestID(rawValue: waiting.append(.operation(complete)))
        handle(.operatorAsked(id, request))
    }

    /// Ends the node's turn and hands its storage over.
    private func endTurn() {
        core.endTurn(at: moments.shown, into: &gathering.work)
        wakeup = gathering.work.wakeup
        storage?.submit(gathering.work.storage)
        gathering.work.storage.removeAll()
        perform()
    }

    // MARK: The end of a turn

    private func scheduleFlush() {
        // What comes of writing is for another turn: the loop looks at its sockets before.
        if isFlushing { isFlushAwaited = true }
        guard !isFlushScheduled, !isFlushing else { return }
        isFlushScheduled = true
        eventLoop.execute { [self] in flush() }
    }

    /// A client has something to be written at the end of the turn.
    func needsFlush(_ client: ClientHandler) {
        flushing.append(client)
        scheduleFlush()
    }

    private func flush() {
        isFlushScheduled = false
        isFlushing = true
        endTurn()
        for link in linkOrder { link.flush() }
        if shards.count > 1 { sendMail() }
        flushClients()
        relieveMemory()
        scheduleWakeup()
        turnMoments = nil
        turn.end(at: SystemClock.instant)
        isFlushing = false
        scheduleTurns()
    }

    /// Writes to the clients that have something to be written, as far as the turn goes.
    private func flushClients() {
        // Whoever has more to say because of it does so after the others.
        for _ in 0..<flushing.count {
            guard let client = flushing.popFirst() else { break }
            let byteCount = client.flush()
            if turn.noteEffort(of: byteCount), turn.isFlushOver(at: SystemClock.instant) { break }
        }
    }

    var isFullOfReads: Bool {
        core.isFullOfReads
            || shards.count > 1 && shards.contains { $0.isFull.load(ordering: .relaxed) }
    }

    var isTurnOver: Bool {
        beginTurn()
        return turn.isOver(at: SystemClock.instant)
    }

    /// Counts what a peer or a thread of the storage has brought; whether the rest must wait.
    func isTurnOver(afterDelivery byteCount: Int) -> Bool {
        turn.noteDelivery(of: byteCount) && turn.areDeliveriesOver(at: SystemClock.instant)
    }

    /// Calls `client.takeTurn` in a turn to come.
    func awaitTurn(client: any TurnTaker) {
        waitingClients.append(client)
        scheduleFlush()
    }

    /// Calls `delivery.takeTurn` in a turn to come, before any client's.
    func awaitTurn(delivery: any TurnTaker) {
        waitingDeliveries.append(delivery)
        scheduleFlush()
    }

    private func scheduleTurns() {
        let isAwaited =
            isFlushAwaited || !waitingClients.isEmpty || !waitingDeliveries.isEmpty
            || !flushing.isEmpty
        guard isAwaited, !isTurnScheduled else { return }
        isTurnScheduled = true
        schedule(after: LoopTurn.pause) { [self] in giveTurns() }
    }

    private func giveTurns() {
        isTurnScheduled = false
        isFlushAwaited = false
        beginTurn()
        for _ in 0..<waitingDeliveries.count {
            waitingDeliveries.popFirst()?.takeTurn()
            if turn.areDeliveriesOver(at: SystemClock.instant) { break }
        }
        let count = waitingClients.count
        for _ in 0..<count {
            turn.beginSlice(at: SystemClock.instant, sharedBy: count)
            waitingClients.popFirst()?.takeTurn()
            if turn.areCommandsOver(at: SystemClock.instant) { break }
        }
        turn.endSlices()
    }

    // MARK: Time

    private func scheduleWakeup() {
        let current = turnMoments?.shown.instant ?? SystemClock.instant
        let wakeup = max(wakeup, current + Self.timerGrain)
        guard wakeup < scheduledWakeup, wakeup != .never else { return }
        scheduledWakeup = wakeup
        schedule(after: wakeup.since(current)) { [self] in wakeUp(for: wakeup) }
    }

    private func wakeUp(for due: Instant) {
        // An earlier one may have been scheduled since; then this one has nothing to say.
        if due == scheduledWakeup { scheduledWakeup = .never }
        // What is not due yet is scheduled again by the flush of this turn.
        if wakeup <= now.instant { handle(.ticked) }
        _ = goOn()
    }

    // MARK: Clients

    func newSession(on channel: any Channel) -> ClientSession {
        ClientSession(
            target: self, connectionID: shared.nextConnection(),
            peerAddress: Self.text(of: channel.remoteAddress),
            localAddress: Self.text(of: channel.localAddress), limits: configuration.session)
    }

    /// Accepts clients from now on.
    func serve(_ listener: any Channel) {
        do { try listener.syncOptions?.setOption(.autoRead, value: true) } catch {
            return log.error("clients cannot be accepted: \(error)")
        }
        let identity = core.identity
        log.notice(
            """
            node \(identity.name) (\(identity.id)) of cluster \(identity.clusterName) serves \
            clients at \(configuration.clientEndpoint) and peers at \(configuration.peerEndpoint)
            """)
        let away = (core.topology?.members ?? []).filter { !core.isReachable($0.id) }.map(\.name)
        if !away.isEmpty { log.warning("not found yet: \(away.joined(separator: ", "))") }
    }
}
