// The one way from a node's work to the world. Every shell (the server's loop, the simulator, the
// stands of benchmarks and tests) has its nodes' work carried out here, all of it and in one order.
// So what a simulation has tried is what runs.
public import MartletBase
public import MartletReplication
public import MartletRing
public import MartletWire

/// What drives nodes: it has the sockets, disks, clocks and queues, real or simulated. When the
/// storage's work is done, and when the node is woken, is its own affair.
public protocol NodeShell {
    /// Tells the nodes, or shards of them, that it drives from each other.
    associatedtype Place

    /// Sends a message over the link to `peer`; it may be lost, and is where there is no link.
    mutating func send(_ message: PeerMessage, to peer: Peer, from place: Place)
    /// Sends a datagram, which may be lost.
    mutating func send(_ datagram: Datagram, to endpoint: Endpoint, from place: Place)
    /// Keeps a link from now on, or no more.
    mutating func carryOut(_ change: Work.LinkChange, at place: Place)
    /// Tells the other shards of the node what the first has decided.
    mutating func share(_ view: ControlView, of place: Place)
    /// Hands the first shard of the node what another has for the control core.
    mutating func report(_ tiding: ControlTiding, of place: Place)
    /// Tells the operator something.
    mutating func tell(_ note: NodeNote, of place: Place)
    /// Lets clients in.
    mutating func letClientsIn(at place: Place)
    /// Gives an operator what was asked under `request`; may hand in events at once.
    mutating func complete(_ request: RequestID, _ reply: OperatorReply, at place: Place)
    /// Answers the client that asked under `request`; may hand in events at once.
    mutating func complete(_ request: RequestID, _ answer: ClientAnswer, at place: Place)
}

extension Work {
    /// Has `shell` do all that is to be done before the turn ends, and forgets it: what others are
    /// told comes before what clients are, who may ask for more because of it.
    public mutating func carryOut<Shell: NodeShell>(at place: Shell.Place, by shell: inout Shell) {
        for letter in outbox.letters { shell.send(letter.message, to: letter.peer, from: place) }
        for post in posts { shell.send(post.datagram, to: post.endpoint, from: place) }
        for change in linkChanges { shell.carryOut(change, at: place) }
        if let view { shell.share(view, of: place) }
        for tiding in tidings { shell.report(tiding, of: place) }
        for note in notes { shell.tell(note, of: place) }
        if isReady { shell.letClientsIn(at: place) }
        for reply in replies { shell.complete(reply.request, reply.reply, at: place) }
        for answer in outbox.answers { shell.complete(answer.request, answer.answer, at: place) }
        removeCarriedOut()
    }
}

/// A shell of measurements and tests, which is not told what they do not look at.
public protocol NodeStand: NodeShell {}

extension NodeStand {
    /// Links are made by whoever sets the stand up.
    public mutating func carryOut(_ change: Work.LinkChange, at place: Place) {}
    /// Its nodes have one shard.
    public mutating func share(_ view: ControlView, of place: Place) {}
    /// Its nodes have one shard.
    public mutating func report(_ tiding: ControlTiding, of place: Place) {}
    /// There is no operator.
    public mutating func tell(_ note: NodeNote, of place: Place) {}
    /// Requests are made when it is known that they can be.
    public mutating func letClientsIn(at place: Place) {}
    /// There is no operator.
    public mutating func complete(_ request: RequestID, _ reply: OperatorReply, at place: Place) {}
}
