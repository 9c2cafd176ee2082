// Requests of clients into nodes, answers back, and what a client does when its node is gone.
internal import MartletBase
internal import MartletNode
internal import MartletReplication
internal import MartletRing
internal import MartletVersions
internal import MartletWire

extension World {
    /// Until a client tries another node, and until it learns that its own is gone.
    private static let reconnectDelay = Duration.milliseconds(100)
    private static let disconnectDelay = Duration.milliseconds(1)...Duration.milliseconds(500)
    /// Between two of the reads of every key, where nodes take few requests at once.
    private static let readPace = Duration.milliseconds(20)
    /// Allowed on top of a request's timeout before its answer counts as missing.
    private static let answerSlack = Duration.milliseconds(100)

    mutating func startClients() {
        let popularity = PopularityTable(
            scenario.workload.popularity, keyCount: scenario.workload.keyCount)
        for index in 0..<scenario.workload.clientCount {
            var client = Client(
                index: index, node: index % nodes.count, keyCount: history.keys.count,
                popularity: popularity, seed: schedule.seed)
            client.due = now + client.pause(scenario.workload)
            queue.schedule(.clientActs(index), at: client.due)
            clients.append(client)
        }
    }

    mutating func clientActs(_ index: Int) {
        guard isRestless, clients[index].outstanding == nil, mayAct(index) else { return }
        drawDue(of: index)
        guard nodes[clients[index].node].isUp else {
            statistics.count(.refused, asked: now)
            trace?.refused(client: index, at: now)
            occurrences[.failedOperation] += 1
            moveOn(index)
            return
        }
        if let plan = nextErrand(of: index) {
            return request(plan, by: index, at: clients[index].node)
        }
        var plan = clients[index].again ?? clients[index].plan(scenario.workload)
        if plan.kind == .delete, !history.mayDelete(plan.key, at: now) { plan.kind = .put }
        request(plan, by: index, at: clients[index].node)
    }

    private mutating func moveOn(_ index: Int) {
        clients[index].node = (clients[index].node + 1) % nodes.count
        clients[index].due = max(clients[index].due, now + Self.reconnectDelay)
        queue.schedule(.clientActs(index), at: clients[index].due)
    }

    /// Reads every key at all its homes through `coordinators`, so that whoever is behind is
    /// repaired.
    mutating func readEverywhere(through coordinators: [Int]) {
        for key in history.keys.indices {
            let first = key % coordinators.count
            let turns = coordinators[first...] + coordinators[..<first]
            guard let node = turns.first(where: { nodes[$0].isUp }) else { continue }
            let plan = Client.Plan(
                key: key, kind: .get, memory: nil, needed: .all, neededSynced: .count(0),
                valueBytes: 0)
            request(plan, by: nil, at: node)
            // A node that takes few requests would refuse the same ones in every pass.
            if scenario.requestLimit != nil { run(until: now + Self.readPace) }
        }
    }

    // MARK: Asking

    mutating func request(_ plan: Client.Plan, by client: Int?, at node: Int) {
        let homes = plan.homeCount ?? min(scenario.replicaCount, scenario.ringSize)
        let neededHomes = plan.neededHomes?.resolved(among: homes) ?? 0
        var operation = Operation(
            kind: plan.kind, client: client, key: plan.key, node: node, life: nodes[node].life,
            began: now, seen: plan.memory?.seen,
            needed: max(plan.needed.resolved(among: homes), neededHomes),
            neededSynced: plan.kind == .get ? 0 : plan.neededSynced.resolved(among: homes),
            neededHomes: neededHomes, homeCount: plan.homeCount)
        let value = value(of: plan)
        if plan.kind == .put { operation.content = StableHash.hash(value) }
        operation.wall = nodes[node].wall(now)
        operation.expiry = plan.lifetime.map { lifetime in
            let wall = nodes[node].wall(now)
            return WallTime(milliseconds: wall.milliseconds + lifetime.milliseconds)
        }
        checkEndedWrites()
        let number = history.begin(operation)
        if plan.kind == .get { floors[number] = floor(of: operation) }
        if let client {
            clients[client].again = plan
            clients[client].outstanding = number
            if plan.kind == .get { staleness.begins(number, key: plan.key) }
        }
        if plan.kind == .get { statistics.reads += 1 } else { statistics.writes += 1 }
        log.note(
            now, node, .request, UInt64(number),
            words.asked(operation, number))
        nodes[node].process.unanswered.append(number)
        if nodes[node].process.unanswered.count == 1 { awaitAnswer(number) }
        deliver(
            shardIndex(at: node, serving: history.keys[plan.key]),
            .requestReceived(
                RequestID(rawValue: UInt64(number)),
                ClientRequest(
                    key: history.keys[plan.key],
                    operation: body(plan, value, expiry: operation.expiry))))
        if let client { drawPatience(of: client, number) }
    }

    /// The shard of a node that a request about `key` is handed to; any refuses it while there is
    /// no ring.
    private func shardIndex(at node: Int, serving key: Bytes) -> Int {
        guard let topology = nodes[node].topology else { return node }
        return shardIndex(at: node, for: topology.partition(ofKey: key).index)
    }

    /// What the next request writes.
    private func value(of plan: Client.Plan) -> Bytes {
        let number = history.operations.count
        if let tally = plan.tally { return History.value(of: number, saying: tally) }
        let bytes = min(plan.valueBytes, schedule.reduction.valueBytesLimit ?? .max)
        return History.value(of: number, byteCount: bytes)
    }

    private func body(
        _ plan: Client.Plan, _ value: Bytes, expiry: WallTime?
    ) -> ClientOperation {
        if plan.kind == .get {
            var options = ReadOptions()
            options.n = plan.homeCount
            options.r = plan.needed
            options.pr = plan.neededHomes
            return .get(options)
        }
        var options = WriteOptions()
        options.n = plan.homeCount
        options.w = plan.needed
        options.pw = plan.neededHomes
        options.dw = plan.neededSynced
        return .put(
            Mutation(
                content: plan.kind == .delete ? .tombstone : .value(value), expiry: expiry,
                causality: plan.memory.map { .seen($0.context) } ?? .coordinator),
            options)
    }

    // MARK: Being answered

    mutating func answered(_ number: Int, _ answer: ClientAnswer, by node: Int) {
        if planted == .swallowsAnswer, number % 50 == 49 { return }
        let operation = history.operations[number]
        guard case .open = operation.outcome else {
            floors[number] = nil
            return
        }
        let answer = spoilt(answer, of: operation, number)
        log.note(
            now, node, .answer, digest(of: answer), words.answered(operation, number, answer))
        trace?.ended(number, answer, at: now)
        switch answer {
        case .read(let read):
            history.end(number, .read, answeredAt: now)
            let dots = read.object.dots
            let places = history.places(of: dots, key: operation.key)
            check(read, places: places, number)
            staleness.shown(
                places, of: operation.key, to: number, began: operation.began, history)
            remember(operation, read.object.context, dots)
            if let client = operation.client {
                goOnWithErrand(of: client, read.object, operation)
            }
        case .written(let write):
            history.end(number, .written, answeredAt: now)
            check(write, number)
            if let client = operation.client { endErrand(of: client, write, number) }
            if let context = write.context { remember(operation, context, [write.dot]) }
        case .failed(let error):
            floors[number] = nil
            history.end(number, .failed, answeredAt: now)
            found(RefusalCheck(error: error).run(history.operations[number], number))
            staleness.abandoned(number)
            if operation.client != nil { occurrences[.failedOperation] += 1 }
            if error == .overloaded { occurrences[.overloadRefused] += 1 }
            if operation.client != nil {
                statistics.count(FailureKind(error), asked: operation.began)
            }
        }
        checkAvailability(number, answer)
        guard let client = operation.client else { return }
        if case .failed = answer {
            giveUp(on: number, by: client)
        } else {
            clients[client].again = nil
            statistics.answered(after: now.since(operation.began), asked: operation.began)
        }
        goOn(client)
    }

    private mutating func remember(_ operation: Operation, _ context: Context, _ seen: [Dot]) {
        guard let client = operation.client else { return }
        let stale = scenario.workload.habits.staleShare
        if stale > 0, clients[client].extras.chance(stale) { return }
        clients[client].memories[operation.key] = Client.Memory(context: context, seen: seen)
    }

    private func digest(of answer: ClientAnswer) -> UInt64 {
        switch answer {
        case .read(let read):
            read.object.siblings.reduce(1) { StableHash.mix($0 ^ History.digest($1)) }
        case .written(let write): StableHash.mix(write.dot.counter ^ 2)
        case .failed(let error): UInt64(FailureKind(error).rawValue) + 3
        }
    }

    private mutating func goOn(_ client: Int) {
        clients[client].outstanding = nil
        clients[client].due = max(clients[client].due, now)
        queue.schedule(.clientActs(client), at: clients[client].due)
    }

    // MARK: Not being answered

    /// A node is gone: requests in flight there are never answered, and may have been carried out.
    mutating func disconnectClients(of node: Int) {
        for client in clients where client.node == node {
            guard let operation = client.outstanding else { continue }
            var random = SeededRandom(
                seed: StableHash.mix(schedule.seed ^ UInt64(operation)), stream: "disconnect")
            queue.schedule(
                .clientDisconnected(client.index, operation: operation),
                at: now + random.duration(in: Self.disconnectDelay))
        }
    }

    mutating func clientDisconnected(_ index: Int, operation: Int) {
        guard clients[index].outstanding == operation else { return }
        log.note(
            now, clients[index].node, .disconnected, UInt64(operation),
            words.cutOff(history.operations[operation], operation))
        history.end(operation, .unknown, answeredAt: nil)
        floors[operation] = nil
        let request = history.operations[operation]
        let node = nodes[request.node]
        if node.isUp, node.life == request.life { occurrences[.clientGone] += 1 }
        giveUp(on: operation, by: index)
        staleness.abandoned(operation)
        trace?.ended(operation, nil, at: now)
        statistics.count(.disconnected, asked: history.operations[operation].began)
        occurrences[.failedOperation] += 1
        clients[index].outstanding = nil
        moveOn(index)
    }

    /// One answer is looked for at a time at each node: by when the first is due, most are there.
    private mutating func awaitAnswer(_ number: Int) {
        let due = answerDue(since: history.operations[number].began)
        queue.schedule(.answerDue(operation: number), at: max(now, due))
    }

    private func answerDue(since began: Instant) -> Instant {
        began + schedule.replication.timeout + Self.answerSlack
    }

    mutating func answerDue(operation number: Int) {
        checkAnswer(of: number)
        let node = nodes[history.operations[number].node].process
        guard node.unanswered.first == number else { return }
        node.unanswered.removeFirst()
        while let next = node.unanswered.first, history.operations[next].outcome != .open {
            node.unanswered.removeFirst()
        }
        if let next = node.unanswered.first { awaitAnswer(next) }
    }

    private mutating func checkAnswer(of number: Int) {
        let operation = history.operations[number]
        guard case .open = operation.outcome else { return }
        let node = nodes[operation.node]
        guard node.isUp, node.life == operation.life else { return }
        let due = answerDue(since: node.resumedAt)
        if node.resumedAt > operation.began, now < due {
            queue.schedule(.answerDue(operation: number), at: due)
            return
        }
        found(
            Finding(
                .requestsAnswered,
                "\(operation.kind.rawValue) w\(number) of key \(operation.key), asked of node "
                    + "\(operation.node + 1) at \(EventLog.seconds(operation.began))s, has no "
                    + "answer"))
    }
}
