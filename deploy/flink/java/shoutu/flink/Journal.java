package shoutu.flink;

import java.util.List;
import java.util.Map;
import org.apache.flink.connector.file.src.FileSource;
import org.apache.flink.core.fs.Path;

/** The segments of one journal as a Flink source: bounded, in the journal's order. */
public final class Journal {
    private Journal() {}

    /**
     * @param segments the segment files, in any order
     * @param ends where a segment ends that its successor says ends earlier than its file, by "first-generation"
     */
    public static FileSource<byte[]> source(List<String> segments, Map<String, Number> ends) {
        Path[] paths = segments.stream().map(Path::new).toArray(Path[]::new);
        return FileSource.forRecordStreamFormat(new SegmentFormat(ends), paths)
                .setSplitAssigner(InOrder::new)
                .build();
    }
}
