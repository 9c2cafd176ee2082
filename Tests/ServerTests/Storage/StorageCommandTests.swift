// `martlet storage` on directories that a real process left: what it prints, how it exits, and that
// it changes nothing.
import Foundation
import Glibc
import MartletBase
import MartletClient
import MartletViews
import Testing

@testable import martlet

extension Clusters.Processes {
    /// What `martlet storage` said of a directory, and how it ended. Fails when a file of the
    /// directory is another afterwards, or was written; of a node that runs they are, by itself.
    private func storage(
        _ words: String..., on directory: String, whileItRuns: Bool = false
    ) async throws -> (status: CInt, output: String) {
        let before = try Self.state(of: directory)
        let ended = try await blocking { () -> (CInt, String) in
            let process = try ProcessNode(["storage", words[0], directory] + words.dropFirst())
            guard case .exited(let status) = try process.awaitEnd() else { return (-1, "") }
            return (status, process.output)
        }
        if !whileItRuns { #expect(try Self.state(of: directory) == before) }
        return (status: ended.0, output: ended.1)
    }

    /// Every file with its length, time of writing and bytes.
    private static func state(of directory: String) throws -> [String] {
        let files = FileManager.default
        return try files.contentsOfDirectory(atPath: directory).sorted().map { name in
            let path = "\(directory)/\(name)"
            let facts = try files.attributesOfItem(atPath: path)
            let isFolder = facts[.type] as? FileAttributeType == .typeDirectory
            let bytes = isFolder ? Data() : try Data(contentsOf: URL(filePath: path))
            let hash = StableHash.hash(Bytes(bytes))
            return "\(name) \(facts[.size] ?? 0) \(facts[.modificationDate] ?? 0) \(hash)"
        }
    }

    private func flip(_ path: String, at offset: Int) throws {
        var bytes = try Data(contentsOf: URL(filePath: path))
        bytes[offset] ^= 0x10
        try bytes.write(to: URL(filePath: path))
    }

    @Test("A node's directory is refused while it runs, and then shown, checked and read out")
    func storageCommands() async throws {
        try await ProcessCluster.run(1) { cluster in
            let plan = cluster.plan
            let data = plan.places[0].data
            try await plan.withClient(0) { client in
                for index in 0..<20 { try await client.put("k\(index)", "value \(index)") }
                try await client.put("k\u{7}", "bell")
                _ = try await client.command("DEL", "k19")
            }
            let held = try await storage("inspect", on: data, whileItRuns: true)
            #expect(held.status == 3)
            #expect(held.output.contains("held by process \(try #require(await cluster.pid(0)))"))
            #expect(try await cluster.end(0, by: SIGTERM) == .exited(0))

            let inspected = try await storage("inspect", "--json", on: data)
            #expect(inspected.status == 0)
            #expect(inspected.output.contains("\"kind\" : \"log\""))
            let text = try await storage("inspect", on: data).output
            #expect(text.contains("log-0000000001.mlog") && text.contains("position"))
            let verified = try await storage("verify", on: data)
            #expect(verified.status == 0 && verified.output.contains("intact"))

            let dumped = try await storage("dump", "--key", "k7", "--values", on: data)
            #expect(dumped.status == 0 && dumped.output.contains("\"value 7\""))
            #expect(
                try await storage("dump", "--key", "k\u{7}", on: data).output.contains("\\u{7}"))
            let state = try await storage("dump", "--space", "state", on: data).output
            #expect(state.contains("cluster martlet-tests") && state.contains("incarnation"))
            let lines = try await storage("dump", "--json", "--space", "objects", on: data).output
                .split(separator: "\n")
            #expect(lines.count == 21)
            for line in lines { _ = try JSONSerialization.jsonObject(with: Data(line.utf8)) }
            let few = try await storage("dump", "--json", "--limit", "2", on: data).output
            #expect(few.split(separator: "\n").count == 2)

            let all = try await storage("dump", on: data)
            #expect(all.status == 0 && !all.output.contains("NOT READABLE"), "\(all.output)")
            let removable = try await storage("dump", "--space", "removable", on: data).output
            #expect(
                removable.contains("/\"k19\"") && removable.contains("absent from"), "\(removable)")

            let log = "\(data)/log-0000000001.mlog"
            try flip(log, at: 80)
            let damaged = try await storage("verify", on: data)
            #expect(damaged.status == 1)
            #expect(damaged.output.contains("log-0000000001.mlog at 32: "), "\(damaged.output)")
            #expect(damaged.output.contains("NO NODE WOULD START HERE"))
            #expect(try await storage("dump", on: data).status == 1)
            #expect(try await storage("inspect", on: data).status == 0)
            try flip(log, at: 80)
            let manifest = try #require(
                FileManager.default.contentsOfDirectory(atPath: data).first {
                    $0.hasPrefix("manifest-")
                })
            try flip("\(data)/\(manifest)", at: 8)
            #expect(try await storage("verify", on: data).status == 1)
            try flip("\(data)/\(manifest)", at: 8)
            try await cluster.start(0)
        }
    }

    @Test("A directory that is not there is wrong usage; an empty one is intact")
    func storageDirectories() async throws {
        let plan = try ClusterPlan(1)
        let empty = "\(plan.directory)/empty"
        try FileManager.default.createDirectory(atPath: empty, withIntermediateDirectories: true)
        #expect(try await storage("verify", on: empty).status == 0)
        #expect(try await storage("dump", on: empty).output == "")
        let missing = try await blocking {
            try ProcessNode(["storage", "inspect", "\(empty)/none"]).awaitEnd()
        }
        #expect(missing == .exited(2))
        try FileManager.default.createDirectory(
            atPath: "\(empty)/data", withIntermediateDirectories: true)
        let parent = try await storage("inspect", on: empty)
        #expect(parent.status == 2 && parent.output.contains("did you mean \(empty)/data?"))
    }
}
