// What an inspection says of directories that are damaged, half made or another's: each thing by
// name, and never a trap.
import MartletBase
import MartletStorage
import Testing

struct InspectionDamageTests {
    private let sample: InspectionSample

    init() throws { sample = try InspectionSample(seed: 11) }

    private func expectDamage(_ file: String, _ reason: String, isFatal: Bool) throws {
        let check = try sample.verify()
        #expect(!check.isIntact)
        #expect(
            check.damage.contains { $0.file == file && $0.reason.contains(reason) },
            "\(check.damage)")
        #expect((check.refusal != nil) == isFatal, "\(String(describing: check.refusal))")
        #expect((try sample.survey().refusal != nil) == isFatal)
    }

    @Test("A flipped bit in a block is told with its table and offset; the rest is shown")
    func block() throws {
        let name = try #require(sample.survey().liveTables.last?.fileName)
        try sample.damage(name) { $0[60] ^= 4 }
        try expectDamage(name, "checksum mismatch", isFatal: false)
        #expect(try sample.verify().damage.first?.offset == 32)
        let (entries, damage) = try sample.walk()
        // A block between two spaces is met by the walk over each.
        #expect(Set(damage.map(\.file)) == [name])
        #expect(entries.count < sample.entries.count)
    }

    @Test("A damaged end, a table that is gone and one of another version are told")
    func tables() throws {
        let names = try sample.survey().liveTables.map(\.fileName)
        try sample.damage(names[0]) { $0.removeLast(3) }
        try expectDamage(names[0], "", isFatal: false)
        try sample.disk.remove(names[1])
        try expectDamage(names[1], "no such file", isFatal: false)
        try sample.damage(names[2]) { $0[8] = 9 }
        try expectDamage(names[2], "unsupported format version 9", isFatal: false)
        let survey = try sample.survey()
        #expect(
            survey.liveTables.filter { $0.problem != nil }.map(\.fileName) == Array(names.prefix(3))
        )
        #expect(survey.files.first { $0.name == names[2] }?.version == 9)
        #expect(try sample.walk().damage.map(\.file) == Array(names.prefix(3)))
    }

    @Test("A table that is not the one that the manifest names is told")
    func otherTable() throws {
        let names = try sample.survey().liveTables.map(\.fileName)
        let bytes = try #require(sample.disk.contents(of: names[1]))
        sample.disk.setContents(of: names[0], to: bytes)
        try expectDamage(names[0], "table number", isFatal: false)
    }

    @Test("Damage amid the log is told from a torn end")
    func log() throws {
        let names = try sample.names("log-")
        let last = try #require(names.last)
        let whole = try sample.survey()
        // What follows the last whole chunk was never known to be synced.
        try sample.damage(last) { $0 += Bytes(repeating: 7, count: 90) }
        #expect(try sample.verify().isIntact)
        #expect(try sample.verify().tornBytes == 90)
        #expect(try sample.survey().segments.last?.tornBytes == 90)
        #expect(try sample.survey().position == whole.position)
        try sample.damage(last) { $0[75] ^= 1 }
        try expectDamage(last, "checksum mismatch", isFatal: true)
        #expect(try sample.walk().damage.first?.file == "the log")
    }

    @Test("A log file of a newer version, and one that is gone, keep a node from starting")
    func segments() throws {
        let last = try #require(sample.names("log-").last)
        try sample.damage(last) { $0[8] = 200 }
        try expectDamage(last, "unsupported format version 200", isFatal: true)
        for name in try sample.names("log-") { try sample.disk.remove(name) }
        #expect(try sample.verify().refusal == .missingSegment(file: last))
    }

    @Test("Damage amid the manifest is told; its tables are still read for themselves")
    func manifest() throws {
        let name = try #require(sample.names("manifest-").last)
        let tables = try sample.survey().tables
        try sample.damage(name) { $0[34] ^= 1 }
        try expectDamage(name, "checksum mismatch", isFatal: true)
        let survey = try sample.survey()
        #expect(survey.manifest == nil)
        #expect(survey.tables.map(\.number).sorted() == tables.map(\.number).sorted())
        #expect(survey.tables.allSatisfy { $0.problem == nil && $0.level == nil })
        #expect(try sample.verify().tables == tables.count)
        #expect(throws: StorageError.self) { try sample.walk() }
    }

    @Test("A manifest that is gone or of a newer version keeps a node from starting")
    func noManifest() throws {
        let name = try #require(sample.names("manifest-").last)
        try sample.damage(name) { bytes in
            bytes[8] = 3
            let crc = Checksum.crc32c(bytes, 0..<20)
            for index in 0..<4 { bytes[20 + index] = UInt8(truncatingIfNeeded: crc >> (8 * index)) }
        }
        #expect(try sample.verify().refusal == .unsupportedVersion(file: name, version: 3))
        try sample.disk.remove(name)
        guard case .missingManifest = try sample.survey().refusal else {
            Issue.record("\(String(describing: try sample.survey().refusal))")
            return
        }
    }

    @Test("Files of others, files put aside and leftovers are told apart")
    func strangers() throws {
        let table = try #require(sample.names("table-").first)
        let bytes = try #require(sample.disk.contents(of: table))
        sample.disk.setContents(of: "table-0000999999.mtab", to: bytes)
        sample.disk.setContents(of: table + ".damaged", to: bytes)
        sample.disk.setContents(of: "notes.txt", to: [1])
        sample.disk.setContents(of: "table-1.mtab", to: [])
        sample.disk.setContents(of: "manifest-0000999999.mman", to: [])
        let files = try sample.survey().files
        func kind(_ name: String) -> InspectedFile.Kind? { files.first { $0.name == name }?.kind }
        func use(_ name: String) -> InspectedFile.Use? { files.first { $0.name == name }?.use }
        #expect(kind("table-0000999999.mtab") == .table)
        #expect(use("table-0000999999.mtab") == .leftover)
        #expect(
            kind(table + ".damaged") == .aside && use(table + ".damaged") == InspectedFile.Use.none)
        #expect(kind("notes.txt") == .foreign && kind("table-1.mtab") == .foreign)
        #expect(use("manifest-0000999999.mman") == .leftover)
        #expect(try sample.verify().isIntact)
        #expect(try sample.walk().entries == sample.entries)
    }

    @Test("An unreadable sector is told", arguments: ["table-", "log-", "manifest-"])
    func unreadable(prefix: String) throws {
        let name = try #require(sample.names(prefix).last)
        sample.disk.makeUnreadable(name, 40..<41)
        let check = try sample.verify()
        #expect(!check.isIntact)
        #expect(try sample.survey().files.map(\.name) == (try sample.disk.list()))
    }

    @Test(
        "Nothing done to the files makes an inspection trap; what a check passes, a walk reads",
        arguments: 1...40 as ClosedRange<UInt64>)
    func mutations(seed: UInt64) throws {
        let sample = try InspectionSample(seed: seed % 4, writes: 80)
        var random = SeededRandom(seed: seed)
        let names = try sample.disk.list()
        for _ in 0...random.below(3) {
            let name = names[random.below(names.count)]
            try sample.damage(name) { bytes in
                switch random.below(4) {
                case 0: bytes.removeLast(random.below(bytes.count + 1))
                case 1: bytes += (0..<random.below(200)).map { _ in UInt8(random.below(256)) }
                case 2:
                    for index in bytes.indices.dropFirst(random.below(bytes.count + 1)).prefix(16) {
                        bytes[index] = UInt8(random.below(256))
                    }
                default:
                    if !bytes.isEmpty { bytes[random.below(bytes.count)] ^= 1 << random.below(8) }
                }
            }
        }
        _ = try sample.survey()
        let check = try sample.verify()
        let found = try? sample.walk()
        if check.isIntact { #expect(found?.damage == []) }
    }
}
