// The care of the trees: those that are unknown, since data was lost, or too coarse by now are made
// anew from what the storage holds; all others are, one after the other, to see that they are
// right.
internal import MartletBase
internal import MartletStorage

/// A tree being made.
struct TreeCare {
    var build: TreeBuild
    var ticket: ReadTicket?
}

extension AntiEntropy {
    /// How long the care of a tree rests between two pages.
    private static let pagePause = Duration.milliseconds(5)
    /// How often it is looked whether a tree has become due.
    private static let carePause = Duration.seconds(1)

    /// Whether all trees of this node's partitions are known.
    public var knowsAllTrees: Bool { owned.allSatisfy { engine.tree(of: $0) != nil } }

    /// Goes on with the tree that is being made, or begins with the next.
    mutating func careForTrees(at now: Moment) {
        guard now.instant >= nextCare else { return }
        nextCare = now.instant + Self.carePause
        guard let care = building else {
            beginTree(at: now)
            return
        }
        // The read that it may wait for moves it on.
        if care.ticket == nil { take(care.build.step(), at: now) }
    }

    /// A read that a tree waited for is there.
    mutating func treeRead(_ read: CompletedRead, at now: Moment) {
        guard let care = building, let ticket = care.ticket, ticket == read.ticket else { return }
        building?.ticket = nil
        take(care.build.supply(read.result), at: now)
    }

    private mutating func take(_ step: TreeBuild.Step, at now: Moment) {
        nextCare = now.instant + Self.pagePause
        switch step {
        case .pending(let ticket): building?.ticket = ticket
        case .page, .refused: break
        case .done:
            // What it has lost it is to have back soon.
            if let partition = building?.build.partition, times.isDoubted(partition) {
                _ = repair([partition], at: now)
            }
            building = nil
        case .abandoned: building = nil
        }
    }

    /// Those that are due go first; all are verified within `AntiEntropyOptions.verification`.
    private mutating func beginTree(at now: Moment) {
        guard !owned.isEmpty else { return }
        var chosen = engine.treesDue.first
        if chosen == nil, options.verification > .zero, now.instant >= nextVerification {
            nextVerification = now.instant + options.verification / owned.count
            verified = (verified + 1) % owned.count
            chosen = owned[verified]
        }
        guard let chosen, let build = engine.buildTree(of: chosen) else { return }
        building = TreeCare(build: build)
        nextCare = now.instant + Self.pagePause
    }
}
