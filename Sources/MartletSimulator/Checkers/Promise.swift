// What the store promises, as far as a simulation can tell. Each promise has a checker of its own
// beside this file.
internal import MartletBase

/// A promise of the store; the raw value names it in reports.
package enum Promise: String, Hashable, Sendable, CaseIterable {
    /// What is read or stored was written by some client to that key.
    case nothingInvented = "nothing invented"
    /// One dot names one write, for ever.
    case dotUniqueness = "dot uniqueness"
    /// Contexts order two versions exactly when their histories do: of two siblings neither is in
    /// the other's history, and none is replaced by one that did not know it.
    case clockFidelity = "clock fidelity"
    /// Who is said to hold a write holds it, and as many as were asked for.
    case honestEvidence = "honest evidence"
    /// Every acknowledged write is present, replaced by one that knew it, or a sibling, as long as
    /// a node that acknowledged it has kept what it had.
    case acknowledgedWrites = "no acknowledged write is lost"
    /// Acknowledged by a sync, a write survives the crash of every node.
    case durableWrites = "acknowledged with dw survives a crash of every node"
    /// Once its client was answered, a write is named by nobody any more.
    case answeredIsOver = "an answered write is not carried out again"
    /// A write that was refused, not merely failed, has left nothing.
    case refusedIsUndone = "what is refused has not happened"
    /// Of plain writes the later is shown.
    case plainWritesInOrder = "an acknowledged plain write is not undone by an older one"
    /// A read that is bound to meet a replica of an acknowledged write covers it.
    case readsSeeWrites = "a read after an acknowledged write sees it or something newer"
    /// What a delete has removed comes back nowhere.
    case deletedStaysDeleted = "a deleted value never returns"
    /// The last trace of a deleted or expired key goes only when every home has seen it.
    case removalsSettled = "nothing is removed before every home has it"
    /// What nodes say to hold, to have synced, to be equal, not to issue any more is so.
    case wordsTrue = "nodes tell each other only what is so"
    /// A write that has ended is at each home, or in a hint for it.
    case homesRemembered = "no home is left behind unnoticed"
    /// A read covers what more homes than n less those that answered held when it began.
    case readsShowHeld = "a read shows what enough homes hold"
    /// Every ring has distinct homes, spread over zones, in even shares.
    case placement = "homes are distinct, in many zones, and evenly shared"
    /// What a node knows to be settled stays so, once it is synced.
    case watermarksGrow = "watermarks only grow"
    /// Up to the watermark of a partition all that is left of any write is at all of its homes.
    case watermarksTrue = "a watermark covers only what every home has"
    /// Every Merkle tree is what a scan of the objects shows.
    case treesTrue = "Merkle trees say what a scan shows"
    /// Every copy of a value expires when its writer said.
    case expiryKept = "an expired value is hidden at once and never returns"
    /// An item that was added to a cart and not taken out by one who saw it is in the cart.
    case cartsKeepItems = "carts keep what was added"
    /// A counter says what was acknowledged, and no more than was asked for.
    case countersAddUp = "counters add up"
    /// A hint goes only when its home has what it carries.
    case hintsConserved = "hints are conserved"
    /// Every request is answered by its deadline.
    case requestsAnswered = "every request is answered"
    /// A request fails only where the contract says that it may; clients are let in in time.
    case availability = "who can answer does"
    /// While one home is slow, requests that can do without it take no longer than a hedge.
    case hedged = "one slow node slows nobody down"
    /// What requests cost, and nodes do that nobody asks anything, is bounded.
    case boundedWork = "work is bounded"
    /// A node that is back is found by those that knew it.
    case foundAgain = "nodes that are back are found again"
    /// A node's storage opens after any crash, and what a sound disk holds reads back.
    case storageOpens = "storage opens after a crash"
    /// Operators are told what is so, and of nothing that is not.
    case operatorsTold = "operators are told what is so"
    /// Nodes of one epoch know one ring.
    case oneTopology = "equal epochs mean equal topology"
    /// A node never goes back to an older ring, or to none.
    case epochsGrow = "epochs only grow"
    /// A read by most homes covers what most homes had acknowledged before it began, however often
    /// the homes have changed since.
    case changesLoseNothing = "a ring change loses nothing"
    /// Once every fault is over, whatever moves arrives, and what was moved away is dropped.
    case changesComplete = "a committed change completes"
    /// Nodes that are left alone for good take every write with w = 1, and settle among themselves.
    case coreServes = "what is left of the nodes serves and settles"
    /// Within the bound after the last fault, no hints are left and all replicas are equal.
    case convergence = "all replicas equal and no hints left"
}

/// What a checker has found: the promise that is broken, and the least that shows it.
struct Finding {
    var promise: Promise
    var witness: String

    init(_ promise: Promise, _ witness: String) {
        self.promise = promise
        self.witness = witness
    }
}

/// The first finding of a run, and when it was made.
struct Violation {
    var finding: Finding
    var at: Instant
}
