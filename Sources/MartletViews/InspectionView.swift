// What `martlet storage inspect` shows, as values: the JSON that programs read has these names.

/// A data directory at a glance.
package struct InspectionView: Codable, Hashable, Sendable {
    /// One file.
    package struct File: Codable, Hashable, Sendable {
        /// Its name.
        package var name: String
        /// `manifest`, `log`, `mark`, `table`, `aside` or `foreign`.
        package var kind: String
        /// `data`; `leftover`, which goes at the next start; `none`.
        package var use: String
        /// Its length; nil where the disk does not tell.
        package var bytes: Int?
        /// The format version that it begins with; nil where it does not begin as its kind does.
        package var version: UInt8?
    }

    /// The manifest in force.
    package struct Manifest: Codable, Hashable, Sendable {
        /// Its file.
        package var file: String
        /// Everything in the log up to here is in the tables.
        package var flushed: UInt64
        /// The next number for a table or manifest.
        package var nextNumber: UInt64
        /// Edits, the one that it began with included.
        package var edits: Int
    }

    /// What must be there of the log, and whose it is.
    package struct Mark: Codable, Hashable, Sendable {
        /// The log file that must be there, or a later one; 0 for none.
        package var segment: UInt64
        /// The position that the log must reach.
        package var synced: UInt64
        /// The node's identity; nil, like its names, until a node has started here.
        package var node: String?
        /// Its name.
        package var name: String?
        /// Its cluster.
        package var cluster: String?
    }

    /// An end of a range of keys.
    package struct Place: Codable, Hashable, Sendable {
        /// `state`, `objects` or `hints`.
        package var space: String
        /// The partition.
        package var partition: UInt16
        /// The first 40 bits of the key's hash, ten hexadecimal digits.
        package var hash: String
    }

    /// One table.
    package struct Table: Codable, Hashable, Sendable {
        /// The number in its name.
        package var number: UInt64
        /// Its file.
        package var file: String
        /// Its level; nil where the manifest does not name it.
        package var level: Int?
        /// The length of its file; nil, like all that follows, where it is not known.
        package var bytes: Int?
        /// Its blocks.
        package var blocks: Int?
        /// Its records, deletes included.
        package var records: Int?
        /// Those that delete.
        package var deletes: Int?
        /// The lowest key's place.
        package var lowest: Place?
        /// The highest key's place.
        package var highest: Place?
        /// The last position of the log that went into it.
        package var newest: UInt64?
        /// How many times smaller than its records its blocks are.
        package var compressionRatio: Double?
        /// Bits of filter for each key.
        package var filterBitsPerKey: Double?
        /// Bytes of filter.
        package var filterBytes: Int?
        /// Bytes of memory that it takes while open, about.
        package var memoryBytes: Int?
        /// Why it does not open; nil where it does.
        package var problem: Damage?
    }

    /// One segment of the log.
    package struct Segment: Codable, Hashable, Sendable {
        /// The number in its name.
        package var number: UInt64
        /// Its file.
        package var file: String
        /// The length of its file, zeros written ahead included.
        package var fileBytes: Int
        /// What header and whole chunks take.
        package var bytes: Int
        /// Whole chunks.
        package var chunks: Int
        /// Batches in them.
        package var batches: Int
        /// The position of its first batch; nil where its header does not read back.
        package var first: UInt64?
        /// The position of its last batch; nil where it has none.
        package var last: UInt64?
        /// How many times smaller than their batches its chunks are; nil where it has none.
        package var compressionRatio: Double?
        /// Bytes at the end that a crash tore before they were synced.
        package var tornBytes: Int
        /// What of it is damaged.
        package var damage: [Damage]
    }

    /// Something that is not as it was written.
    package struct Damage: Codable, Hashable, Sendable {
        /// Its file.
        package var file: String
        /// Where in it, in bytes.
        package var offset: Int
        /// What is wrong.
        package var reason: String
    }

    /// A drop that some table still needs.
    package struct Drop: Codable, Hashable, Sendable {
        /// What was dropped: `objects` or `hints`.
        package var space: String
        /// Of which partition.
        package var partition: UInt16
        /// When: tables that are no newer are hidden there.
        package var position: UInt64
    }

    /// A range of keys that was lost and not yet repaired.
    package struct LostRange: Codable, Hashable, Sendable {
        /// The file that held it, kept aside.
        package var file: String
        /// Its lowest end.
        package var lowest: Place
        /// Its highest end.
        package var highest: Place
        /// What was wrong.
        package var reason: String
    }

    /// A level and what it takes.
    package struct Level: Codable, Hashable, Sendable {
        /// Its number.
        package var level: Int
        /// Its tables.
        package var tables: Int
        /// Bytes of their files.
        package var bytes: Int
        /// Their records, deletes included.
        package var records: Int
    }

    /// Where it is.
    package var directory: String
    /// Every file but the lock, by name.
    package var files: [File]
    /// The manifest in force; nil where there is none or none reads back.
    package var manifest: Manifest?
    /// What must be there of the log; nil where nothing says so.
    package var mark: Mark?
    /// Levels that have tables.
    package var levels: [Level]
    /// Tables by level, as they are searched, then those that are not data.
    package var tables: [Table]
    /// Segments of the log by number.
    package var segments: [Segment]
    /// Drops that some table still needs.
    package var drops: [Drop]
    /// What was lost and not yet repaired, oldest first.
    package var lostRanges: [LostRange]
    /// Bytes of files that are data.
    package var dataBytes: Int
    /// Bytes of files that go at the next start.
    package var leftoverBytes: Int
    /// Bytes of other files.
    package var otherBytes: Int
    /// How many times smaller than their records the blocks of all tables are; nil where there are
    /// none.
    package var compressionRatio: Double?
    /// The position of the last batch that a node would find; nil where none would start.
    package var position: UInt64?
    /// Why no node would start on the directory; nil where one would.
    package var refusal: String?
}

/// What `martlet storage verify` found.
package struct VerificationView: Codable, Hashable, Sendable {
    /// Where.
    package var directory: String
    /// Whether nothing is wrong and a node would start.
    package var intact: Bool
    /// Edits of the manifest in force.
    package var edits: Int
    /// Tables read.
    package var tables: Int
    /// Their intact blocks.
    package var blocks: Int
    /// The records in these.
    package var records: Int
    /// How many times smaller than their contents the blocks are; nil where there are none.
    package var compressionRatio: Double?
    /// Segments of the log read.
    package var segments: Int
    /// Their whole chunks.
    package var chunks: Int
    /// The batches in these.
    package var batches: Int
    /// Bytes at the log's end that a crash tore before they were synced; not damage.
    package var tornBytes: Int
    /// Bytes of files read.
    package var bytesRead: Int
    /// Files that are no data, and were not read.
    package var filesPassed: Int
    /// How many things are wrong.
    package var damageCount: Int
    /// These things; of one table the first thousand.
    package var damage: [InspectionView.Damage]
    /// Why no node would start on the directory; nil where one would.
    package var refusal: String?
}
