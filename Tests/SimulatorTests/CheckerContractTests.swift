// The contract page, the promises, their checkers and the faults planted for them are one list.
#if DEBUG
    import Foundation
    import MartletSimulator
    import Testing

    @Suite("The consistency contract")
    struct CheckerContractTests {
        private static let root =
            "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/")

        /// A row of the page's table.
        private struct Row {
            var promise: String
            var checkers: [String]
            var faults: [String]

            init?(_ line: String) {
                let cells = line.split(separator: "|").map {
                    $0.trimmingCharacters(in: .whitespaces)
                }
                guard line.hasPrefix("| "), cells.count == 5, cells[0] != "promise" else {
                    return nil
                }
                promise = cells[0]
                checkers = Self.names(cells[3])
                faults = Self.names(cells[4])
            }

            private static func names(_ cell: String) -> [String] {
                cell.split(separator: "`").map(String.init).filter { !", ".contains($0) }
            }
        }

        private static func rows() throws -> [Row] {
            try String(contentsOfFile: "\(root)/CONSISTENCY.md", encoding: .utf8)
                .split(separator: "\n").compactMap { Row(String($0)) }
        }

        @Test("The page has every promise once, under its name")
        func promisesAreListed() throws {
            let listed = try Self.rows().map(\.promise)
            #expect(listed.sorted() == Promise.allCases.map(\.rawValue).sorted())
        }

        @Test("The page names for each promise the faults that break it")
        func faultsAreListed() throws {
            for row in try Self.rows() {
                let faults = PlantedFault.allCases.filter { $0.breaks.rawValue == row.promise }
                #expect(!faults.isEmpty, "nothing is planted against \(row.promise)")
                #expect(row.faults.sorted() == faults.map(\.rawValue).sorted())
            }
        }

        @Test("The checkers that the page names are there")
        func checkersExist() throws {
            let folder = "\(Self.root)/Sources/MartletSimulator"
            var source = ""
            for part in ["Checkers", "World"] {
                let files = try FileManager.default.contentsOfDirectory(
                    atPath: "\(folder)/\(part)")
                for file in files.sorted() {
                    source += try String(
                        contentsOfFile: "\(folder)/\(part)/\(file)", encoding: .utf8)
                }
            }
            for row in try Self.rows() {
                #expect(!row.checkers.isEmpty, "\(row.promise)")
                for checker in row.checkers {
                    #expect(
                        source.contains("struct \(checker) {")
                            || source.contains("func \(checker)("), "\(checker)")
                }
            }
        }
    }
#endif
