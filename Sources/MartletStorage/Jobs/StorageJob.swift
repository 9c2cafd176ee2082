// What the engine asks of its background half, and what comes of it. A job reads immutable inputs
// and writes new files; nobody sees them before the manifest names them.
internal import MartletBase

/// Work for a `StorageWorker`.
public struct StorageJob: Sendable {
    enum Work: Sendable {
        /// Write the layers, newest first, as one table of level 0.
        case flush([Layer])
        case compact(CompactionTask)
        /// Make a table anew from those of its blocks that read back.
        case salvage(SalvageTask)
        /// See whether a table still reads back.
        case scrub(TableInput)
        /// Remove the files of tables that are no longer data, or put them aside.
        case remove([String])
        /// See how much room the disk has.
        case measure
    }

    let work: Work

    /// Whether it goes before what has begun already: others wait for it, or it is quick.
    var isUrgent: Bool {
        switch work {
        case .flush, .measure: true
        case .compact, .salvage, .scrub, .remove: false
        }
    }
}

/// What came of a job; the engine learns it through `StorageEngine.jobAnswered`.
public struct JobOutcome: Sendable {
    enum Result: Sendable {
        /// The manifest says it, durably.
        case done(ManifestEdit, [BuiltTable])
        /// The files are gone.
        case removed
        /// All of the table reads back.
        case scrubbed
        /// So much room there is; nil where the disk does not say.
        case measured(DiskSpace?)
        /// The disk refused; the same job may be tried again, with new files.
        case refused(DiskError)
        /// An input does not read back.
        case damaged(table: UInt64, FormatError.Reason)
        /// The manifest is broken for good: the process must be restarted.
        case failed(DiskError)
    }

    let job: StorageJob
    let result: Result

    /// Whether the shell should let some time pass before it hands the outcome over, since the
    /// same is tried again at once.
    public var asksForPatience: Bool {
        switch result {
        case .refused, .failed: true
        case .done, .removed, .scrubbed, .measured, .damaged: false
        }
    }
}

/// Tables to merge into the level below.
struct CompactionTask: Sendable {
    /// Newest source first; the tables of a source follow each other.
    var sources: [[TableInput]]
    var level: Int
    var outputLevel: Int
    /// Whether nothing older than the inputs lies below, so that deletes have done their work.
    var isBottom: Bool
    /// Those that hide some of the inputs.
    var drops: [Manifest.DropMark]
    /// Tables that go to the output level as they are.
    var moved: [TableInput] = []
    /// Tables that hold nothing any more.
    var discarded: [TableInput] = []

    var inputNumbers: [UInt64] {
        (sources.joined() + moved + discarded).map(\.summary.number)
    }

    var inputBytes: Int { sources.joined().reduce(0) { $0 + $1.summary.fileBytes } }
}

/// A table of which some blocks do not read back.
struct SalvageTask: Sendable {
    var table: TableInput
    var level: Int
}
