// VersionsTests
