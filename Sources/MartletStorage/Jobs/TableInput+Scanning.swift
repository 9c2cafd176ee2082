// How background jobs come to read a table: with a file handle of their own.
internal import MartletBase

extension TableScanner {
    /// Reads `input` from its first block on.
    init(_ input: TableInput, on disk: any Disk) throws(TableError) {
        do { self.init(try disk.open(input.summary.fileName, .reading), input.map) } catch {
            throw .disk(error)
        }
    }
}
