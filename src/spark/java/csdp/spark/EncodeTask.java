package csdp.spark;

import csdp.Csdp;
import csdp.backend.Device;
import csdp.checkpoint.SavedModel;
import csdp.data.ImageSource;
import csdp.encode.EncodeJob;
import csdp.encode.EncodePart;
import csdp.error.CsdpException;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.function.FlatMapFunction;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/**
 * Encodes a part. Columns: index, image, true_class, class, probabilities, an array of rates for
 * each layer, error; null without a value.
 *
 * @param layers numbers of the hidden layers whose codes are written
 * @param device name
 */
record EncodeTask(List<Integer> layers, String device) implements FlatMapFunction<EncodePart, Row> {
  private static final int RATES = 5; // the first column of rates

  StructType schema() {
    ArrayType floats = DataTypes.createArrayType(DataTypes.FloatType, false);
    StructType schema =
        new StructType()
            .add("index", DataTypes.IntegerType, false)
            .add("image", DataTypes.StringType, false)
            .add("true_class", DataTypes.IntegerType)
            .add("class", DataTypes.IntegerType)
            .add("probabilities", floats);
    for (int layer : layers) {
      schema = schema.add("z" + layer, floats);
    }
    return schema.add("error", DataTypes.StringType);
  }

  @Override
  public Iterator<Row> call(EncodePart part) {
    SavedModel saved = part.open();
    List<EncodeJob.Row> rows = new ArrayList<>();
    try (ImageSource images = part.images(saved);
        Csdp network = Csdp.of(saved, Device.exactly(device), TaskContext.get().cpus())) {
      part.job().run(network, images, rows::addAll, done -> {});
    }
    if (rows.size() < part.job().limit()) {
      throw CsdpException.environment(
          "%s: images have disappeared since the start", part.files().get(0));
    }
    return rows.stream().map(this::row).iterator();
  }

  private Row row(EncodeJob.Row row) {
    Csdp.Encoding encoding = row.encoding();
    int label = row.image().label();
    List<Object> cells = new ArrayList<>();
    cells.add(row.index());
    cells.add(row.image().name());
    cells.add(label < 0 ? null : label);
    cells.add(encoding == null ? null : encoding.prediction().label());
    cells.add(encoding == null ? null : boxed(encoding.prediction().probabilities()));
    for (int layer : layers) {
      cells.add(encoding == null ? null : boxed(encoding.codes()[layer - 1]));
    }
    cells.add(row.image().error());
    return RowFactory.create(cells.toArray());
  }

  /** Returns the row of a file, as {@link #call} made it but for the pixels and other layers. */
  EncodeJob.Row row(Row row) {
    int label = row.isNullAt(2) ? -1 : row.getInt(2);
    String error = row.getString(RATES + layers.size());
    ImageSource.Item image = new ImageSource.Item(row.getString(1), label, null, null, error);
    if (error != null) {
      return new EncodeJob.Row(row.getInt(0), image, null);
    }
    double[] probabilities = row.<Float>getList(4).stream().mapToDouble(p -> p).toArray();
    float[][] codes = new float[layers.get(layers.size() - 1)][];
    for (int i = 0; i < layers.size(); i++) {
      List<Float> rates = row.getList(RATES + i);
      float[] code = new float[rates.size()];
      for (int unit = 0; unit < code.length; unit++) {
        code[unit] = rates.get(unit);
      }
      codes[layers.get(i) - 1] = code;
    }
    Csdp.Prediction prediction = new Csdp.Prediction(row.getInt(3), probabilities);
    return new EncodeJob.Row(row.getInt(0), image, new Csdp.Encoding(prediction, codes));
  }

  private static Float[] boxed(double[] values) {
    Float[] floats = new Float[values.length];
    for (int i = 0; i < floats.length; i++) {
      floats[i] = (float) values[i];
    }
    return floats;
  }

  private static Float[] boxed(float[] values) {
    Float[] floats = new Float[values.length];
    for (int i = 0; i < floats.length; i++) {
      floats[i] = values[i];
    }
    return floats;
  }
}
