// How clients change carts and counters, and what becomes of the habits that they have: requests
// made again, given up, or never waited for.
internal import MartletBase
internal import MartletStorage
internal import MartletVersions
internal import MartletWire

extension World {
    /// What the client does next, if that is to go on with a cart or counter or to begin with one;
    /// nil for a request to a register.
    mutating func nextErrand(of index: Int) -> Client.Plan? {
        let settings = scenario.workload
        if clients[index].errand == nil {
            clients[index].errand = clients[index].drawErrand(settings)
        }
        guard let errand = clients[index].errand else { return nil }
        var plan = clients[index].plan(errand, settings)
        if case .toWrite(_, let merged) = errand.stage {
            let (tally, change) = Errand.change(
                errand, merged, as: history.operations.count, by: &clients[index])
            plan.tally = tally
            tallies.ask(change)
        }
        return plan
    }

    // MARK: Answers

    /// A read of a cart or counter has come back: what it shows is merged, to be written.
    mutating func goOnWithErrand(of client: Int, _ object: Object, _ operation: Operation) {
        guard var errand = clients[client].errand, errand.key == operation.key else { return }
        if object.siblingCount > 1 { occurrences[.tallyMerged] += 1 }
        let memory = Client.Memory(context: object.context, seen: object.dots)
        errand.stage = .toWrite(memory, merged(object, errand.subject))
        clients[client].errand = errand
    }

    private func merged(_ object: Object, _ subject: Errand.Subject) -> Tally {
        var siblings = object.siblings
        switch (subject, planted) {
        case (.cart, .mergesCartsToOne), (.counter, .mergesCountersToOne):
            siblings = Array(siblings.prefix(1))
        default: break
        }
        return siblings.reduce(into: Tally()) { merged, sibling in
            if case .value(let value) = sibling.content, let tally = Tally(in: value) {
                merged.merge(tally)
            }
        }
    }

    /// A write of a cart or counter was acknowledged. A counter that shows siblings is merged at
    /// once.
    mutating func endErrand(of client: Int, _ write: WriteAnswer, _ number: Int) {
        guard let errand = clients[client].errand else { return }
        clients[client].errand = nil
        guard errand.subject == .counter else { return }
        if let raised = tallies.change(of: number)?.raised {
            clients[client].raised[errand.key] = raised.count
        }
        if write.context == nil, !errand.onlyMerges {
            clients[client].errand = Errand(
                subject: .counter, key: errand.key, onlyMerges: true)
        }
    }

    // MARK: Checking

    /// What carts and counters say anywhere, against what was asked of them.
    mutating func checkTallies() {
        let first = scenario.workload.keyCount
        guard first < history.keys.count else { return }
        var found = [Tally](repeating: Tally(), count: history.keys.count)
        for shard in shards {
            for (key, object) in objects(at: shard) {
                guard let number = history.number(of: key.key), number >= first else { continue }
                for case .value(let value) in object.siblings.map(\.content) {
                    if let tally = Tally(in: value) { found[number].merge(tally) }
                }
            }
        }
        var kept = [[TallyChange]](repeating: [], count: history.keys.count)
        let losses = Losses(shards)
        for write in history.acknowledged where write.key >= first {
            guard write.isKept(losses, history),
                let change = tallies.change(of: write.operation)
            else { continue }
            kept[write.key].append(change)
        }
        for key in first..<history.keys.count {
            let isCart = key < first + scenario.workload.cartCount
            self.found(
                isCart
                    ? CartCheck(key: key, found: found[key], kept: kept[key]).run(tallies)
                    : CounterCheck(key: key, found: found[key], kept: kept[key]).run(tallies))
        }
    }

    // MARK: Habits

    /// What a client does about a request that it has just made: it waits, but perhaps not for
    /// ever, or does not wait at all.
    mutating func drawPatience(of index: Int, _ operation: Int) {
        let habits = scenario.workload.habits
        guard habits.areAny else { return }
        if clients[index].extras.chance(habits.vanishShare) {
            vanish(index, operation)
        } else if let patience = habits.patience {
            queue.schedule(
                .clientDisconnected(index, operation: operation),
                at: now + clients[index].extras.duration(in: patience))
        }
    }

    /// The client is gone, and comes back elsewhere as one that knows nothing.
    private mutating func vanish(_ index: Int, _ operation: Int) {
        clients[index].memories = clients[index].memories.map { _ in nil }
        clients[index].errand = nil
        clients[index].again = nil
        clients[index].raised = [:]
        clients[index].identity += scenario.workload.clientCount
        queue.schedule(.clientDisconnected(index, operation: operation), at: now)
    }

    /// A request came to nothing, as far as the client can tell.
    mutating func giveUp(on number: Int, by index: Int) {
        clients[index].errand = nil
        let plan = clients[index].again
        clients[index].again = nil
        let share = scenario.workload.habits.retryShare
        guard share > 0, let plan, plan.kind != .get, plan.tally == nil else { return }
        if clients[index].extras.chance(share) { clients[index].again = plan }
    }
}
