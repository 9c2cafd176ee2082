// The network between the nodes. A link behaves as TCP does: in order, held up by loss, all or
// nothing; a datagram as UDP does. Every message passes through the real codecs. Two nodes share
// one connection: whoever dials first opens both directions.
//
//     connect ─► dial ─► open ─► frames ─► break ─► linkClosed ─► wait ─► dial …
internal import MartletBase
internal import MartletNode
internal import MartletRing
internal import MartletWire

extension World {
    /// How long a refused or an unanswered call takes, and until a link that takes nothing, or
    /// whose other end is gone without a word, is given up.
    private static let refusalDelay = Duration.milliseconds(1)
    private static let dialTimeout = Duration.seconds(1)...Duration.seconds(3)
    private static let linkTimeout = Duration.seconds(1)...Duration.seconds(6)
    private static let resetDelay = Duration.microseconds(200)...Duration.milliseconds(5)

    @inline(__always)
    private func canPass(_ from: Int, _ to: Int) -> Bool { blocks[linkIndex(from, to)] == 0 }

    /// TCP needs both directions: data one way, acknowledgements the other. Inlined, as
    /// `nodeIndex` is.
    @inline(__always)
    private func canConnect(_ link: Int) -> Bool {
        canPass(links[link].from, links[link].to) && canPass(links[link].to, links[link].from)
    }

    /// Random numbers for call number `dialled` of a link.
    private func callRandom(_ link: Int) -> SeededRandom {
        let number = UInt64(link) << 40 ^ links[link].dialled
        return SeededRandom(seed: StableHash.mix(schedule.seed ^ number), stream: "calls")
    }

    // MARK: Messages

    mutating func send(_ message: PeerMessage, from: Int, to: Int) {
        let index = linkIndex(from, to)
        trace?.sent(message, from: node(of: from), to: node(of: to), at: now, history)
        guard links[index].isOpen else {
            if log.isRead { log.tell(now, to, words.missed(message, from: from, at: to)) }
            return lose()
        }
        var writer = ByteWriter(capacity: 512)
        Frame.message(message).encode(into: &writer)
        let frame = writer.take()
        work.bytes += frame.count
        if !holds(frame, on: index) { pass(frame, over: index) }
    }

    /// Hands a frame to the network, or to the queue before a partition.
    mutating func pass(_ frame: Bytes, over index: Int) {
        if canConnect(index) {
            transmit(frame, over: index)
            return
        }
        if links[index].stalled.isEmpty {
            var random = callRandom(index)
            queue.schedule(
                .linkTimesOut(index, connection: links[index].connection),
                at: now + random.duration(in: Self.linkTimeout))
        }
        links[index].stalled.append(frame)
    }

    private mutating func transmit(_ frame: Bytes, over index: Int) {
        let fate = schedule.conditions.fate(
            seed: schedule.seed, path: index, ordinal: links[index].sent)
        let mishap = schedule.conditions.mishap(
            seed: schedule.seed, path: index, ordinal: links[index].sent)
        links[index].sent += 1
        if links[index].isBroken { return lose() }
        if fate.breaksLink {
            lose()
            troublesLink(links[index].from, links[index].to)
            breakLink(index, after: fate.delay)
            return
        }
        if fate.isLost { occurrences[.messageLost] += 1 }
        let delay =
            slowed(fate.delay, on: index)
            + (fate.isLost ? NetworkConditions.retransmission : .zero)
        links[index].lastArrival = max(links[index].lastArrival, now + delay)
        queue.schedule(
            .frameArrives(
                link: index, connection: links[index].connection, spoiled(frame, by: mishap)),
            at: links[index].lastArrival)
    }

    /// Says what was in a frame that came to nobody.
    private mutating func tellLoss(of frame: Bytes, from: Int, to: Int) {
        guard log.isRead else { return }
        var decoder = FrameDecoder()
        decoder.trustPeer()
        decoder.append(frame)
        guard case .message(let message)? = try? decoder.next() else { return }
        log.tell(now, to, words.missed(message, from: from, at: to))
    }

    mutating func lose() {
        occurrences[.messageLost] += 1
    }

    mutating func frameArrives(_ index: Int, _ connection: Int, _ bytes: Bytes) {
        let (from, to) = (links[index].from, links[index].to)
        guard links[index].accepts(connection, at: now), shards[to].isUp else {
            log.note(now, to, .lost)
            tellLoss(of: bytes, from: from, to: to)
            return lose()
        }
        log.note(now, to, .frame, UInt64(Checksum.crc32c(bytes)))
        links[index].decoder.append(bytes)
        do throws(FormatError) {
            while let frame = try links[index].decoder.next() {
                guard case .message(let message) = frame else {
                    fatalError("\(frame) between nodes that know each other")
                }
                received(message, from: from, at: to)
            }
        } catch {
            refuse(index, connection, error)
        }
    }

    private mutating func received(_ message: PeerMessage, from: Int, at to: Int) {
        guard let id = shards[from].id, !swallows(message, from: from, at: to) else { return }
        if log.isRead { log.tell(now, to, words.heard(message, from: from, at: to)) }
        trace?.arrived(message, from: node(of: from), to: node(of: to), at: now, history)
        note(heard: message, from: from, at: to)
        let sender = Peer(id, shards[from].shard)
        turn(to, .messageReceived(planted?.misheard(message) ?? message, from: sender))
    }

    // MARK: Datagrams

    mutating func send(_ datagram: Datagram, from: Int, to: Int) {
        let path = linkIndex(from, to)
        work.datagrams += 1
        if forgetsReturned(to) { return lose() }
        let fate = schedule.conditions.fate(
            seed: ~schedule.seed, path: path, ordinal: datagramsSent[path])
        let mishap = schedule.conditions.mishap(
            seed: ~schedule.seed, path: path, ordinal: datagramsSent[path])
        datagramsSent[path] += 1
        guard !fate.isLost else {
            troubles.misses(node(of: from), at: now)
            troubles.misses(node(of: to), at: now)
            return lose()
        }
        let bytes = datagram.encoded(cluster: datagramCluster)
        let first = spoiled(bytes, by: mishap)
        if !holds(datagram: first, on: path) {
            arrive(first, on: path, after: slowed(fate.delay, on: path) + mishap.heldBack)
        }
        if let second = fate.duplicateDelay, canPass(from, to) {
            occurrences[.messageDuplicated] += 1
            if !holds(datagram: bytes, on: path) {
                arrive(bytes, on: path, after: slowed(second, on: path))
            }
        }
    }

    /// Lets a datagram arrive, unless packets do not pass.
    mutating func arrive(_ bytes: Bytes, on path: Int, after delay: Duration) {
        let (from, to) = (links[path].from, links[path].to)
        guard canPass(from, to) else { return lose() }
        if now + delay < paths[path].lastDatagram { occurrences[.messageReordered] += 1 }
        paths[path].lastDatagram = max(paths[path].lastDatagram, now + delay)
        queue.schedule(.datagramArrives(from: from, to: to, bytes), at: now + delay)
    }

    mutating func datagramArrives(_ from: Int, _ to: Int, _ bytes: Bytes) {
        guard nodes[to].isUp else { return lose() }
        log.note(now, to, .datagram, UInt64(Checksum.crc32c(bytes)))
        let datagram: Datagram
        do throws(FormatError) {
            datagram = try Datagram(bytes, cluster: datagramCluster)
        } catch {
            log.note(now, to, .lost, 1, "<- \(words.names.shard(from)) a bad datagram: \(error)")
            return lose()
        }
        log.tell(now, to, words.heard(datagram, from: from))
        turn(to, .datagramReceived(datagram, from: peerEndpoint(of: from)))
    }

    // MARK: Links

    /// A node keeps a link to another from now on, at that address; one to another address ends.
    mutating func connect(_ from: Int, to: Int, at endpoint: Endpoint) {
        let index = linkIndex(from, to)
        guard links[index].from != links[index].to else { return }
        if links[index].isWanted, links[index].endpoint != endpoint {
            links[index].failures = 0
            breakLink(index, after: .zero)
        }
        links[index].endpoint = endpoint
        guard !links[index].isWanted else { return }
        links[index].isWanted = true
        queue.schedule(.linkDials(index, connection: links[index].connection), at: now)
    }

    /// A node dials another no more, which it has done in vain. A link that the other has made
    /// meanwhile stands.
    mutating func disconnect(_ from: Int, from other: Int) {
        let index = linkIndex(from, other)
        if !links[index].isOpen { reset(index) }
        links[index].isWanted = false
        links[index].failures = 0
    }

    /// Whether anybody is at the address that is dialled.
    private func listens(_ link: Link) -> Bool {
        shards[link.to].isUp && link.endpoint == peerEndpoint(of: link.to)
    }

    mutating func linkDials(_ index: Int, _ connection: Int) {
        let link = links[index]
        guard link.connection == connection, !link.isOpen, shards[link.from].isUp else { return }
        links[index].dialled += 1
        var random = callRandom(index)
        let isForgotten = forgetsReturned(link.to) || forgetsReturned(link.from)
        if !canConnect(index) || shards[link.to].pause != nil || isForgotten {
            let timeout = random.duration(in: Self.dialTimeout)
            queue.schedule(.linkRefused(index, connection: connection), at: now + timeout)
        } else if !listens(link) {
            queue.schedule(.linkRefused(index, connection: connection), at: now + Self.refusalDelay)
        } else {
            let delay = random.duration(in: Self.resetDelay)
            queue.schedule(.linkOpens(index, connection: connection), at: now + delay)
        }
    }

    mutating func linkOpens(_ index: Int, _ connection: Int) {
        let link = links[index]
        guard link.connection == connection, shards[link.from].isUp else { return }
        guard listens(link), shards[link.to].pause == nil, canConnect(index),
            let id = shards[link.to].id
        else {
            return linkRefused(index, connection)
        }
        // A new connection takes the place of the old one at both ends.
        let back = reverse(index)
        if links[back].isOpen { linkBreaks(back, links[back].connection) }
        open(index, to: id)
        if let caller = shards[link.from].id { open(back, to: caller) }
    }

    /// One end has the connection from now on, whichever dialled: its own calls are void.
    private mutating func open(_ index: Int, to id: NodeID) {
        let link = links[index]
        reset(index)
        links[index].isOpen = true
        links[index].failures = 0
        links[index].decoder = FrameDecoder()
        links[index].decoder.trustPeer()
        log.note(
            now, link.from, .linkOpened, UInt64(link.to),
            "has a link to \(words.names.shard(link.to))")
        turn(link.from, .linkOpened(Peer(id, shards[link.to].shard)))
    }

    mutating func linkRefused(_ index: Int, _ connection: Int) {
        guard links[index].connection == connection, shards[links[index].from].isUp else { return }
        close(index)
    }

    /// The other end is gone, or a packet in between has been answered with a reset. Two nodes
    /// share one connection: what either sends is lost from now on, and both learn of it after a
    /// while.
    mutating func breakLink(_ index: Int, after delay: Duration) {
        breakOneWay(index, after: delay)
        breakOneWay(reverse(index), after: delay)
    }

    /// The way back on the connection of link `index`.
    private func reverse(_ index: Int) -> Int { linkIndex(links[index].to, links[index].from) }

    private mutating func breakOneWay(_ index: Int, after delay: Duration) {
        guard links[index].isOpen, !links[index].isBroken else { return }
        links[index].isBroken = true
        queue.schedule(
            .linkBreaks(index, connection: links[index].connection), at: now + delay)
    }

    mutating func linkBreaks(_ index: Int, _ connection: Int) {
        guard links[index].connection == connection, links[index].isOpen else { return }
        occurrences[.linkBroken] += 1
        close(index)
    }

    mutating func linkTimesOut(_ index: Int, _ connection: Int) {
        guard !links[index].stalled.isEmpty, !canConnect(index) else { return }
        troublesLink(links[index].from, links[index].to)
        var random = callRandom(index)
        linkBreaks(index, connection)
        breakOneWay(reverse(index), after: random.duration(in: Self.linkTimeout))
    }

    /// Ends a connection or a call, tells the node, and dials again after a while; a node that has
    /// been dialled waits for the other to do so.
    private mutating func close(_ index: Int) {
        let link = links[index]
        reset(index)
        links[index].failures = link.failures + 1
        if link.isWanted {
            queue.schedule(
                .linkDials(index, connection: links[index].connection), at: now + link.redialDelay)
        }
        log.note(
            now, link.from, .linkClosed, UInt64(link.to),
            "has no link to \(words.names.shard(link.to))")
        guard let id = shards[link.to].id else { return }
        let peer = Peer(id, shards[link.to].shard)
        let node = shards[link.from]
        if planted == .hidesVainCalls, !node.acquaintance.isReady {
            node.acquaintance.take(.linkClosed(peer))
        } else {
            turn(link.from, .linkClosed(peer))
        }
    }

    private mutating func reset(_ index: Int) {
        for _ in links[index].stalled + paths[index].frames { lose() }
        links[index].stalled = []
        paths[index].frames = []
        links[index].connection += 1
        links[index].isOpen = false
        links[index].isBroken = false
    }

    /// A node is gone. Its own links end with it, though what it had sent may still arrive; links
    /// to it are broken, which is heard at once when only its process died.
    mutating func breakLinks(of node: Int, _ random: inout SeededRandom) {
        let gone = shards[node]
        for other in shards
        where other.process !== gone.process && other.shard.meets(gone.shard) {
            let other = other.index
            let own = linkIndex(node, other)
            let cut = now + random.duration(in: .zero...Self.resetDelay.upperBound)
            let connection = links[own].connection
            if links[own].isOpen, !links[own].isBroken { links[own].former = (connection, cut) }
            reset(own)
            links[own].isWanted = false
            let isSilent = random.chance(0.5)
            let delay = random.duration(in: isSilent ? Self.linkTimeout : Self.resetDelay)
            breakLink(linkIndex(other, node), after: delay)
        }
    }

    /// Packets pass again: what was held up goes on.
    mutating func resume(_ index: Int) {
        guard canConnect(index) else { return }
        let frames = links[index].stalled
        links[index].stalled = []
        for frame in frames { transmit(frame, over: index) }
    }
}
