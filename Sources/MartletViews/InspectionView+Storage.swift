// The views of a stopped node's storage, made from what the engine's inspection says.
package import MartletStorage

internal import MartletBase
internal import MartletNode

extension InspectionView {
    /// What `survey` says of the directory at `path`.
    package init(_ path: String, _ survey: StorageSurvey) {
        directory = path
        files = survey.files.map {
            File(
                name: $0.name, kind: $0.kind.rawValue, use: $0.use.rawValue, bytes: $0.bytes,
                version: $0.version)
        }
        manifest = survey.manifest.map {
            Manifest(
                file: $0.fileName, flushed: $0.flushed.rawValue, nextNumber: $0.nextNumber,
                edits: $0.edits)
        }
        mark = survey.mark.map { Mark($0) }
        levels = Self.levels(survey.liveTables)
        tables = survey.tables.map { Table($0) }
        segments = survey.segments.map { Segment($0) }
        drops = survey.drops.map {
            Drop(space: "\($0.space)", partition: $0.partition, position: $0.position.rawValue)
        }
        lostRanges = survey.damagedRanges.map {
            LostRange(
                file: $0.file, lowest: Place(RankPlace($0.ranks.lowerBound)),
                highest: Place(RankPlace($0.ranks.upperBound)), reason: $0.reason)
        }
        dataBytes = survey.bytes(.data)
        leftoverBytes = survey.bytes(.leftover)
        otherBytes = survey.bytes(.none)
        compressionRatio = survey.compressionRatio
        position = survey.position?.rawValue
        refusal = survey.refusal?.description
    }

    private static func levels(_ tables: [InspectedTable]) -> [Level] {
        var levels: [Level] = []
        for table in tables {
            guard let level = table.level else { continue }
            if levels.last?.level != level {
                levels.append(Level(level: level, tables: 0, bytes: 0, records: 0))
            }
            levels[levels.count - 1].tables += 1
            levels[levels.count - 1].bytes += table.summary?.fileBytes ?? 0
            levels[levels.count - 1].records += table.summary?.recordCount ?? 0
        }
        return levels
    }
}

extension InspectionView.Mark {
    fileprivate init(_ facts: StorageSurvey.MarkFacts) {
        segment = facts.segment
        synced = facts.synced.rawValue
        guard let owner = try? NodeIdentity(decoding: facts.owner) else { return }
        (node, name, cluster) = (owner.id.description, owner.name, owner.clusterName)
    }
}

extension InspectionView.Place {
    fileprivate init(_ place: RankPlace) {
        space = place.spaceName
        partition = place.partition
        let digits = String(place.hash, radix: 16)
        hash = String(repeating: "0", count: max(0, 10 - digits.count)) + digits
    }
}

extension InspectionView.Damage {
    fileprivate init(_ damage: StorageDamage) {
        file = damage.file
        offset = damage.offset
        reason = damage.reason
    }
}

extension InspectionView.Table {
    fileprivate init(_ table: InspectedTable) {
        number = table.number
        file = table.fileName
        level = table.level
        bytes = table.summary?.fileBytes
        blocks = table.summary?.blockCount
        records = table.summary?.recordCount
        deletes = table.summary?.deleteCount
        lowest = table.partitions.map { InspectionView.Place($0.lowerBound) }
        highest = table.partitions.map { InspectionView.Place($0.upperBound) }
        newest = table.summary?.newest.rawValue
        compressionRatio = table.compressionRatio
        filterBitsPerKey = table.filterBitsPerKey
        filterBytes = table.problem == nil ? table.filterBytes : nil
        memoryBytes = table.problem == nil ? table.memoryBytes : nil
        problem = table.problem.map { InspectionView.Damage($0) }
    }
}

extension InspectionView.Segment {
    fileprivate init(_ segment: InspectedSegment) {
        number = segment.number
        file = segment.fileName
        fileBytes = segment.fileBytes
        bytes = segment.bytes
        chunks = segment.chunks
        batches = segment.batches
        first = segment.first?.rawValue
        last = segment.last?.rawValue
        compressionRatio =
            segment.storedBytes > 0 ? Double(segment.rawBytes) / Double(segment.storedBytes) : nil
        tornBytes = segment.tornBytes
        damage = segment.damage.map { InspectionView.Damage($0) }
    }
}

extension VerificationView {
    /// What `check` found in the directory at `path`.
    package init(_ path: String, _ check: StorageCheck) {
        directory = path
        intact = check.isIntact
        edits = check.edits
        tables = check.tables
        blocks = check.blocks
        records = check.records
        compressionRatio =
            check.storedBytes > 0 ? Double(check.rawBytes) / Double(check.storedBytes) : nil
        segments = check.segments
        chunks = check.chunks
        batches = check.batches
        tornBytes = check.tornBytes
        bytesRead = check.bytesRead
        filesPassed = check.filesPassed
        damageCount = check.damageCount
        damage = check.damage.map { InspectionView.Damage($0) }
        refusal = check.refusal?.description
    }
}
