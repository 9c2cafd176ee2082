// How nodes find each other, and find each other again: seeds and unreachable members are pinged
// for ever, and whoever answers anew exchanges full memberships. Gossip does the rest.
internal import MartletBase
internal import MartletWire

extension Membership {
    // MARK: Reaching out

    /// Pings a few seeds that no live member is known at, and a few unreachable members, each
    /// class in turn; quicker and more at once as long as this node is alone.
    mutating func reachOut(at now: Instant, into effects: inout [Effect]) {
        let isAlone = table.beliefs.allSatisfy { $0.member.state >= .unreachable }
        nextOutreach = now + (isAlone ? options.protocolPeriod : options.outreachInterval)
        let count = isAlone ? Self.outreachLimit : 1
        for seed in drawSilentSeeds(count) {
            probe(.seed(seed), as: .outreach, at: now, into: &effects)
        }
        for member in drawUnreachable(count) {
            probe(.member(member), as: .outreach, at: now, into: &effects)
        }
    }

    private mutating func drawSilentSeeds(_ count: Int) -> [Endpoint] {
        let live = table.beliefs.map(\.member).filter { $0.state < .unreachable }
        let rotated = seeds.indices.map { seeds[(nextSeedIndex + $0) % seeds.count] }
        let drawn = rotated.filter { seed in !live.contains { $0.peerEndpoint == seed } }
            .prefix(count)
        if let last = drawn.last, let index = seeds.firstIndex(of: last) {
            nextSeedIndex = index + 1
        }
        return Array(drawn)
    }

    private mutating func drawUnreachable(_ count: Int) -> [Member] {
        var drawn: [Member] = []
        while drawn.count < count {
            let next = table.next(after: lastReachedOut) { $0.state == .unreachable }
            guard let next, next.id != drawn.first?.id else { break }
            lastReachedOut = next.id
            drawn.append(next)
        }
        return drawn
    }

    // MARK: Full exchanges

    /// The periodic exchange, with an alive member drawn at random. O(n).
    mutating func exchangeWithAnyone(at now: Instant, into effects: inout [Effect]) {
        nextPushPull = now + options.pushPullInterval
        let alive = table.beliefs.map(\.member).filter { $0.state == .alive }
        guard !alive.isEmpty else { return }
        exchange(with: alive[random.below(alive.count)].id, into: &effects)
    }

    /// Sends everything known and asks for the same.
    func exchange(with id: NodeID, into effects: inout [Effect]) {
        guard table[id] != nil else { return }
        effects.append(.sendPushPull(view(wantsReply: true), to: id))
    }

    /// A link is open: whoever is there may be a member, and hears this node's own word. One that
    /// was found by a ping, and the first of all, is asked for everything that it knows.
    mutating func linkOpened(_ id: NodeID, at now: Instant, into effects: inout [Effect]) {
        guard id != local.id else { return }
        let index = linked.partitionIndex { $0 < id }
        if index == linked.count || linked[index] != id { linked.insert(id, at: index) }
        let isContact = candidates.hasAnswered(id) || !hasExchanged
        confirm(id, at: now, into: &effects)
        if isContact {
            effects.append(.sendPushPull(view(wantsReply: true), to: id))
        } else {
            sendOwnWord(to: id, into: &effects)
        }
    }

    /// Says over the link how this node is.
    func sendOwnWord(to id: NodeID, into effects: inout [Effect]) {
        let word = PushPull(members: [local], wantsReply: false, epoch: epoch)
        effects.append(.sendPushPull(word, to: id))
    }

    private func view(wantsReply: Bool) -> PushPull {
        PushPull(members: everyone, wantsReply: wantsReply, epoch: epoch)
    }

    /// Merges another's view. What it holds for unreachable is only suspected here: it may be long
    /// out of date, and a living member must have the time to say so.
    mutating func receive(
        _ exchange: PushPull, from sender: NodeID, at now: Instant, into effects: inout [Effect]
    ) {
        guard sender != local.id else { return }
        hear(exchange.members, from: sender, at: now, into: &effects)
        // A member's own word alone is no exchange of everything.
        if exchange.members.contains(where: { $0.id != sender }) { hasExchanged = true }
        noticeEpoch(exchange.epoch, of: sender, at: now, into: &effects)
        if exchange.wantsReply, table[sender] != nil {
            effects.append(.sendPushPull(view(wantsReply: false), to: sender))
        }
    }
}
