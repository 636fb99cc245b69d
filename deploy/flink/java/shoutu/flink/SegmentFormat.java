package shoutu.flink;

import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HashMap;
import java.util.Map;
import java.util.zip.CRC32;
import org.apache.flink.api.common.typeinfo.PrimitiveArrayTypeInfo;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.connector.file.src.reader.SimpleStreamFormat;
import org.apache.flink.connector.file.src.reader.StreamFormat;
import org.apache.flink.core.fs.FSDataInputStream;

/**
 * A segment of the journal as its frames, each with the salt (u32, little-endian) of its log before it, so that whoever
 * takes it can check its CRCs. What lies where is told by src/shoutu/sensing/journal_segments.py and journal_frames.py.
 */
final class SegmentFormat extends SimpleStreamFormat<byte[]> {
    private static final long serialVersionUID = 1L;
    private static final byte[] SEGMENT = {'S', 'H', 'O', 'U', 'T', 'U', 'J', '1'};
    private static final int SEGMENT_HEAD = 52;
    private static final int FRAME = 0x1A4A53F5;
    private static final int FRAME_HEAD = 32;
    private static final int LENGTH_AT = 8;
    private static final int MAX_PAYLOAD = 256 << 20;

    private final HashMap<String, Long> ends;

    SegmentFormat(Map<String, Number> ends) {
        this.ends = new HashMap<>();
        // Python's numbers come as Integer where they fit.
        ends.forEach((segment, end) -> this.ends.put(segment, end.longValue()));
    }

    @Override
    public StreamFormat.Reader<byte[]> createReader(Configuration config, FSDataInputStream stream) throws IOException {
        return new Frames(new DataInputStream(stream), ends);
    }

    @Override
    public TypeInformation<byte[]> getProducedType() {
        return PrimitiveArrayTypeInfo.BYTE_PRIMITIVE_ARRAY_TYPE_INFO;
    }

    private static final class Frames implements StreamFormat.Reader<byte[]> {
        private final DataInputStream stream;
        private final String name;
        private final int salt;
        private final long end;
        private long at = SEGMENT_HEAD;

        Frames(DataInputStream stream, Map<String, Long> ends) throws IOException {
            this.stream = stream;
            byte[] head = new byte[SEGMENT_HEAD];
            stream.readFully(head);
            ByteBuffer fields = ByteBuffer.wrap(head).order(ByteOrder.LITTLE_ENDIAN);
            CRC32 crc = new CRC32();
            crc.update(head, 0, SEGMENT_HEAD - 4);
            for (int i = 0; i < SEGMENT.length; i++) {
                if (head[i] != SEGMENT[i] || (int) crc.getValue() != fields.getInt(SEGMENT_HEAD - 4)) {
                    throw new IOException("not a segment of a journal, or its head is damaged");
                }
            }
            name = fields.getLong(8) + "-" + fields.getInt(16);
            salt = fields.getInt(20);
            end = ends.getOrDefault(name, Long.MAX_VALUE);
        }

        @Override
        public byte[] read() throws IOException {
            if (at >= end) {
                return null;
            }
            byte[] head = new byte[FRAME_HEAD];
            try {
                stream.readFully(head);
                ByteBuffer fields = ByteBuffer.wrap(head).order(ByteOrder.LITTLE_ENDIAN);
                int length = fields.getInt(LENGTH_AT);
                if (fields.getInt(0) != FRAME || length < 0 || length > MAX_PAYLOAD) {
                    throw new IOException("segment " + name + ": no frame at byte " + at + ": the journal is damaged");
                }
                byte[] out = new byte[4 + FRAME_HEAD + length];
                ByteBuffer.wrap(out).order(ByteOrder.LITTLE_ENDIAN).putInt(salt).put(head);
                stream.readFully(out, 4 + FRAME_HEAD, length);
                at += FRAME_HEAD + length;
                return out;
            } catch (EOFException torn) {
                // The last frame was never acknowledged: the journal cuts it away when it opens. A frame torn
                // anywhere else leaves a gap of numbers, which whoever counts them tells.
                return null;
            }
        }

        @Override
        public void close() throws IOException {
            stream.close();
        }
    }
}
