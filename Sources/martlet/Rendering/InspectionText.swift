// A stopped node's storage as a person reads it.
internal import MartletServer
internal import MartletViews

/// Lines of text from what an inspection saw.
enum InspectionText {
    /// Everything that the view says: the whole first, then files, tables, log, and what is wrong.
    static func lines(_ view: InspectionView) -> [String] {
        var lines = Columns.lines(summary(view))
        lines += section("files", files(view.files))
        lines += section("levels", levels(view.levels))
        lines += section("tables", tables(view.tables))
        lines += section("log", segments(view.segments))
        lines += section("drops", drops(view.drops))
        lines += section("lost", ranges(view.lostRanges))
        let problems = view.tables.compactMap(\.problem) + view.segments.flatMap(\.damage)
        return lines + section("damage", problems.map(Self.line))
    }

    private static func summary(_ view: InspectionView) -> [(String, String)] {
        var rows = [("directory", view.directory)]
        let tables = view.tables.filter { $0.level != nil }
        let records = view.levels.reduce(0) { $0 + $1.records }
        let deletes = tables.reduce(0) { $0 + ($1.deletes ?? 0) }
        rows.append(
            (
                "data",
                "\(bytesText(view.dataBytes)); \(bytesText(view.leftoverBytes)) go at the next "
                    + "start, \(bytesText(view.otherBytes)) are of other use"
            ))
        rows.append(
            (
                "tables",
                "\(tables.count) with \(counted(records, "record")), \(deletes) of them deletes; "
                    + "compressed \(ratio(view.compressionRatio))"
            ))
        if let manifest = view.manifest {
            rows.append(
                (
                    "manifest",
                    "\(manifest.file): \(counted(manifest.edits, "edit")), flushed up to "
                        + "\(manifest.flushed), next number \(manifest.nextNumber)"
                ))
        } else {
            let hasFile = view.files.contains { $0.kind == "manifest" }
            rows.append(("manifest", hasFile ? "none that reads back" : "none"))
        }
        if let mark = view.mark {
            let node = mark.node.map { id in
                "; of node \(mark.name ?? "") (\(id)) of cluster \(mark.cluster ?? "")"
            }
            rows.append(
                (
                    "mark",
                    "log file \(mark.segment) or a later one, up to \(mark.synced) at least"
                        + Printable.line(node ?? "")
                ))
        }
        rows.append(("position", view.position.map { "\($0)" } ?? "not known"))
        if let refusal = view.refusal {
            rows.append(("start", "NO NODE WOULD START HERE: \(Printable.line(refusal))"))
        }
        return rows
    }

    private static func section(_ title: String, _ lines: [String]) -> [String] {
        lines.isEmpty ? [] : ["", "\(title):"] + lines.map { "  \($0)" }
    }

    private static func files(_ files: [InspectionView.File]) -> [String] {
        if files.isEmpty { return [] }
        var table = TextTable([
            ("name", .left), ("kind", .left), ("use", .left), ("version", .right),
            ("bytes", .right),
        ])
        for file in files {
            table.add([
                Printable.line(file.name), file.kind, file.use,
                file.version.map { "\($0)" } ?? "-", file.bytes.map { "\($0)" } ?? "-",
            ])
        }
        return table.lines
    }

    private static func levels(_ levels: [InspectionView.Level]) -> [String] {
        if levels.isEmpty { return [] }
        var table = TextTable([
            ("level", .right), ("tables", .right), ("records", .right), ("bytes", .right),
        ])
        for level in levels {
            table.add([
                "\(level.level)", "\(level.tables)", "\(level.records)", bytesText(level.bytes),
            ])
        }
        return table.lines
    }

    private static func tables(_ tables: [InspectionView.Table]) -> [String] {
        if tables.isEmpty { return [] }
        var text = TextTable([
            ("number", .right), ("level", .right), ("bytes", .right), ("blocks", .right),
            ("records", .right), ("deletes", .right), ("ratio", .right), ("filter", .right),
            ("bits/key", .right), ("newest", .right), ("lowest", .left), ("highest", .left),
        ])
        for table in tables {
            text.add([
                "\(table.number)", table.level.map { "\($0)" } ?? "-",
                table.bytes.map(bytesText) ?? "-", table.blocks.map { "\($0)" } ?? "-",
                table.records.map { "\($0)" } ?? "-", table.deletes.map { "\($0)" } ?? "-",
                table.compressionRatio.map { decimal($0, 2) } ?? "-",
                table.filterBytes.map(bytesText) ?? "-",
                table.filterBitsPerKey.map { decimal($0, 1) } ?? "-",
                table.newest.map { "\($0)" } ?? "-", table.lowest.map(place) ?? "-",
                table.highest.map(place) ?? "-",
            ])
        }
        return text.lines
    }

    private static func segments(_ segments: [InspectionView.Segment]) -> [String] {
        if segments.isEmpty { return [] }
        var text = TextTable([
            ("number", .right), ("first", .right), ("last", .right), ("chunks", .right),
            ("batches", .right), ("bytes", .right), ("of", .right), ("ratio", .right),
            ("torn", .right),
        ])
        for segment in segments {
            text.add([
                "\(segment.number)", segment.first.map { "\($0)" } ?? "-",
                segment.last.map { "\($0)" } ?? "-", "\(segment.chunks)", "\(segment.batches)",
                bytesText(segment.bytes), bytesText(segment.fileBytes),
                segment.compressionRatio.map { decimal($0, 2) } ?? "-",
                segment.tornBytes == 0 ? "-" : bytesText(segment.tornBytes),
            ])
        }
        return text.lines
    }

    private static func drops(_ drops: [InspectionView.Drop]) -> [String] {
        drops.map { "\($0.space) of partition \($0.partition), at position \($0.position)" }
    }

    private static func ranges(_ ranges: [InspectionView.LostRange]) -> [String] {
        ranges.map {
            "\(place($0.lowest)) to \(place($0.highest)), in \(Printable.line($0.file)): "
                + Printable.line($0.reason)
        }
    }

    private static func place(_ place: InspectionView.Place) -> String {
        "\(place.space)/\(place.partition)/\(place.hash)"
    }

    private static func ratio(_ ratio: Double?) -> String {
        ratio.map { "\(decimal($0, 2)) : 1" } ?? "-"
    }

    /// One thing that is wrong.
    static func line(_ damage: InspectionView.Damage) -> String {
        "\(Printable.line(damage.file)) at \(damage.offset): \(Printable.line(damage.reason))"
    }
}

/// Lines of text from what a check found.
enum VerificationText {
    /// What was read, and each thing that is wrong.
    static func lines(_ view: VerificationView) -> [String] {
        let ratio = view.compressionRatio.map { ", compressed \(decimal($0, 2)) : 1" } ?? ""
        var rows = [
            ("directory", view.directory),
            ("manifest", counted(view.edits, "edit")),
            (
                "tables",
                "\(view.tables) with \(counted(view.blocks, "block")) of "
                    + "\(counted(view.records, "record"))\(ratio)"
            ),
            (
                "log",
                "\(counted(view.segments, "file")) with \(counted(view.chunks, "chunk")) of "
                    + counted(view.batches, "batch", "batches")
                    + (view.tornBytes > 0 ? ", a torn end of \(bytesText(view.tornBytes))" : "")
            ),
            (
                "read",
                "\(bytesText(view.bytesRead)); passed over "
                    + "\(counted(view.filesPassed, "file")) that are no data"
            ),
        ]
        for (index, damage) in view.damage.enumerated() {
            rows.append((index == 0 ? "damage" : "", InspectionText.line(damage)))
        }
        if view.damageCount > view.damage.count {
            rows.append(("", "and \(view.damageCount - view.damage.count) more"))
        }
        if let refusal = view.refusal {
            rows.append(("start", "NO NODE WOULD START HERE: \(Printable.line(refusal))"))
        }
        rows.append(("result", view.intact ? "intact" : "DAMAGED"))
        return Columns.lines(rows)
    }

    /// How far it is.
    static func line(_ progress: VerificationProgress) -> String {
        let share =
            progress.byteCount > 0
            ? decimal(100 * Double(progress.bytesRead) / Double(progress.byteCount), 0) : "100"
        return "\(share)%, file \(min(progress.filesRead + 1, progress.fileCount)) of "
            + "\(progress.fileCount) \(progress.file)"
    }
}
