// Paths between nodes that are not cut, only late; and bytes that do not read back. A slow path
// multiplies every delay. A clogged one takes what it is given and lets nothing out, as a peer that
// does not read: nobody gives it up, and when it is freed everything arrives, in order.
internal import MartletBase

/// What makes packets late from one node to another.
struct Path {
    /// How many faults clog it.
    var clogs = 0
    /// The factors of the faults that slow it, added up; 0 where there is none.
    var slowness = 0
    /// Frames that wait for it to be freed, of the connection that is open.
    var frames: [Bytes] = []
    /// Datagrams that do.
    var datagrams: [Bytes] = []
    /// When the last of the datagrams arrives that were sent so far.
    var lastDatagram = Instant.start
}

extension World {
    /// A fault of the schedule slows links or clogs them.
    mutating func linkFaultBegins(_ index: Int) {
        let fault = schedule.faults[index]
        log.note(now, -1, .fault, UInt64(index), "fault: \(fault.name)")
        switch fault.action {
        case .slow(let pairs, let factor):
            for index in linkIndices(pairs) { paths[index].slowness += factor }
        case .clog(let pairs):
            for index in linkIndices(pairs) { paths[index].clogs += 1 }
        case .crash, .block, .node, .overload, .ring: fatalError("\(fault) is no fault of links")
        }
        queue.schedule(.faultEnds(index), at: now + fault.lasting)
    }

    /// It is over, if it is such a fault.
    mutating func linkFaultEnds(_ index: Int) {
        let fault = schedule.faults[index]
        switch fault.action {
        case .slow(let pairs, let factor):
            for index in linkIndices(pairs) { paths[index].slowness -= factor }
        case .clog(let pairs):
            for index in linkIndices(pairs) {
                paths[index].clogs -= 1
                release(index)
            }
        case .crash, .block, .node, .overload, .ring: return
        }
        log.note(now, -1, .healed, UInt64(index), "over: \(fault.name)")
    }

    /// All of them are over.
    mutating func endLinkFaults() {
        for index in paths.indices {
            paths[index].slowness = 0
            paths[index].clogs = 0
            release(index)
        }
    }

    /// How long a packet takes that would take `delay` on a good path.
    mutating func slowed(_ delay: Duration, on path: Int) -> Duration {
        guard paths[path].slowness > 0 else { return delay }
        occurrences[.linkSlowed] += 1
        return delay * paths[path].slowness
    }

    // MARK: Clogs

    /// Keeps a frame back while its path is clogged; false when it is not.
    mutating func holds(_ frame: Bytes, on path: Int) -> Bool {
        guard paths[path].clogs > 0 else { return false }
        occurrences[.linkClogged] += 1
        paths[path].frames.append(frame)
        return true
    }

    /// Keeps a datagram back while its path is clogged; false when it is not.
    mutating func holds(datagram: Bytes, on path: Int) -> Bool {
        guard paths[path].clogs > 0 else { return false }
        occurrences[.linkClogged] += 1
        paths[path].datagrams.append(datagram)
        return true
    }

    private mutating func release(_ index: Int) {
        guard paths[index].clogs == 0 else { return }
        let (frames, datagrams) = (paths[index].frames, paths[index].datagrams)
        paths[index].frames = []
        paths[index].datagrams = []
        for frame in frames { pass(frame, over: index) }
        for datagram in datagrams { arrive(datagram, on: index, after: schedule.conditions.delay) }
    }

    // MARK: Bytes that do not read back

    /// `bytes` as they arrive.
    mutating func spoiled(_ bytes: Bytes, by mishap: Mishap) -> Bytes {
        if mishap.flips.isEmpty { return bytes }
        occurrences[.messageCorrupted] += 1
        var bytes = bytes
        mishap.spoil(&bytes)
        return bytes
    }

    /// What a link brought is no frame: the receiver says so and hangs up, as the server does, and
    /// the sender dials again after its longest pause.
    mutating func refuse(_ index: Int, _ connection: Int, _ error: FormatError) {
        let (from, to) = (links[index].from, links[index].to)
        log.note(now, to, .lost, 1, "<- \(words.names.shard(from)) a bad frame: \(error)")
        occurrences[.messageLost] += 1
        guard connection == links[index].connection else {
            links[index].former.until = .start
            return
        }
        links[index].failures = Link.refusalFailures
        breakLink(index, after: schedule.conditions.delay)
    }
}
