// The command line and plain sockets against a real node: what scripts and `nc` see.
import Foundation
import Glibc
import MartletBase
import MartletClient
import Testing

extension Clusters.Processes {
    /// Runs `martlet` to its end.
    private static func run(
        _ words: [String], input: String = ""
    ) async throws -> (status: Int32, output: String) {
        try await blocking {
            let process = Process()
            process.executableURL = URL(filePath: ProcessNode.executable)
            process.arguments = words
            let (source, sink) = (Pipe(), Pipe())
            process.standardInput = source
            process.standardOutput = sink
            process.standardError = sink
            try process.run()
            source.fileHandleForWriting.write(Data(input.utf8))
            try source.fileHandleForWriting.close()
            let output = sink.fileHandleForReading.readDataToEndOfFile()
            process.waitUntilExit()
            return (process.terminationStatus, Bytes(output).text)
        }
    }

    @Test("Wrong options exit with 2, values come from standard input, deletes read first")
    func commandLine() async throws {
        try await ProcessCluster.run(1) { cluster in
            let node = ["--node", "127.0.0.1:\(cluster.plan.places[0].client)"]
            let wrong = [
                ["get", "k", "--r", "9"], ["put", "k", "v", "--w", "0"], ["get", "k", "--n", "99"],
                ["put", "k", "v", "--context", "abc"], ["delete", "k", "--context", "abc"],
            ]
            for words in wrong {
                let (status, output) = try await Self.run(words + node)
                #expect(status == 2, "\(words): \(output)")
            }
            let partition = try await Self.run(["repair", "--partition", "99999"] + node)
            #expect(partition.status == 2)
            #expect(
                partition.output
                    == "martlet: there is no partition 99999: this ring has 0 to 63\n")

            let put = try await Self.run(["put", "k", "-"] + node, input: "from\nafar\n")
            #expect(put.status == 0, "\(put.output)")
            #expect(try await Self.run(["get", "k", "--raw"] + node).output == "from\nafar\n")
            _ = try await Self.run(["put", "k", "beside"] + node)
            let deleted = try await Self.run(["delete", "k"] + node)
            #expect(deleted.status == 0)
            #expect(
                deleted.output.hasPrefix(
                    """
                    deleted      "from\\nafar\\n"
                                 "beside"
                    written      \("")
                    """), "\(deleted.output)")
            let gone = try await Self.run(["get", "k"] + node)
            #expect(gone.status == 1 && !gone.output.contains("sibling"), "\(gone.output)")
            let nothing = try await Self.run(["delete", "k"] + node)
            #expect(nothing.status == 1)
            #expect(nothing.output == "martlet: there is nothing to delete: the key has no value\n")
        }
    }

    @Test("A half-closed connection is answered, HTTP is not, and the log tells once")
    func sockets() async throws {
        try await ProcessCluster.run(1) { cluster in
            let port = cluster.plan.places[0].client
            try await blocking {
                let half = try ProcessSocket(port: port)
                half.send(Bytes(text: "PING\r\nSET k v\r\nGET k\r\nPI"))
                half.endInput()
                let answers = try half.receive(until: "never")
                #expect(answers == "+PONG\r\n+OK\r\n$1\r\nv\r\n")
                #expect(try half.awaitClose())
                // More than a connection holds: reading has stopped as the end comes.
                let much = try ProcessSocket(port: port)
                let value = String(repeating: "x", count: 900_000)
                much.send(Bytes(text: "*3\r\n$3\r\nSET\r\n$1\r\nb\r\n$900000\r\n\(value)\r\n"))
                much.send(Bytes(text: String(repeating: "GET b\r\n", count: 20)))
                much.endInput()
                #expect(try much.countToEnd() == 5 + 20 * (900_000 + 11))
                for _ in 0..<3 {
                    let browser = try ProcessSocket(port: port)
                    browser.send(
                        Bytes(text: "POST / HTTP/1.1\r\nHost: x\r\n\r\nSET k stolen\r\n"))
                    #expect(try browser.receive(until: "never") == "")
                    #expect(try browser.awaitClose())
                }
            }
            let found = try await cluster.plan.withClient(0) { try await $0.get("k") }
            #expect(found.value == Array("v".utf8))
            let output = try #require(try await cluster.output(0))
            #expect(output.components(separatedBy: "it speaks HTTP").count == 2, "\(output)")
        }
    }
}
