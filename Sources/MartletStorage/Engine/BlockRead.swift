// One block on its way from a file into memory: asked for by the engine, brought by whoever may
// block.
internal import MartletBase

/// A read of one block, for a thread that may block.
public struct BlockRead: Sendable {
    /// Which block of which table.
    struct BlockID: Hashable, Sendable {
        var table: UInt64
        var index: Int
    }

    let id: BlockID
    let map: TableMap

    /// Reads, checks and unpacks the block. Blocks.
    public func run(_ files: OpenFiles) -> BlockAnswer {
        do throws(TableError) {
            let file: any DiskFile
            do { file = try files.file(map.fileName) } catch {
                throw TableError.disk(error)
            }
            return BlockAnswer(
                id: id, result: .success(try TableReader.readBlock(file, map, id.index)))
        } catch {
            return BlockAnswer(id: id, result: .failure(error))
        }
    }
}

/// What a `BlockRead` brought.
public struct BlockAnswer: Sendable {
    let id: BlockRead.BlockID
    let result: Result<Block, TableError>
}
