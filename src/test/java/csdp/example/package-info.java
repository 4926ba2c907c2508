/** Examples of the Java API, run by the tests. Start at {@link csdp.example.TrainAndClassify}. */
package csdp.example;
